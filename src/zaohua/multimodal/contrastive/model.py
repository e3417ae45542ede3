"""Two towers ready to use: pictures (or sounds) and sentences as vectors, how well they match, and names for things."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from zaohua.data.captioned.captions import language_by_script
from zaohua.data.pictures.fit import fitted, with_channels
from zaohua.data.pictures.single import PictureSource, open_picture
from zaohua.data.sounds.single import open_sound
from zaohua.data.sounds.wave import levelled, resampled, trimmed
from zaohua.errors import UsageError
from zaohua.gan.images.pixels import to_floats
from zaohua.i18n import t
from zaohua.language.encoders.model import Classified
from zaohua.language.tokenizer import Tokenizer
from zaohua.machine import usual_device
from zaohua.model_folder.files import read_card
from zaohua.multimodal.contrastive.captions import PROMPTS, rows
from zaohua.multimodal.contrastive.folder import load_towers, save_towers
from zaohua.multimodal.contrastive.losses import clip_score
from zaohua.multimodal.contrastive.media import spectrum, together
from zaohua.multimodal.contrastive.towers import Towers
from zaohua.multimodal.sight import Eye

SoundSource = Path | str | tuple[np.ndarray, int]  # a file, or samples float32 [T] and their rate
_AT_ONCE = 64  # media or sentences in a pass


class ContrastiveModel:
    """What a run of `task = "contrastive"` leaves. media: "pictures" or "sounds"; look: see folder.load_towers; eye:
    the network that it looks at pictures with, where that is open already."""

    kind = "contrastive"

    def __init__(
        self,
        towers: Towers,
        tokenizer: Tokenizer,
        look: Mapping[str, Any],
        *,
        name: str = "",
        card: str | None = None,
        eye: Eye | None = None,
    ) -> None:
        self.towers, self.tokenizer, self.look, self.name, self.card = towers, tokenizer, dict(look), name, card
        self.config, self.media, self._eye = towers.config, towers.config.kind, eye

    @classmethod
    def load(cls, folder: Path | str, *, name: str | None = None, device: torch.device | str | None = None) -> Self:
        """Open a model folder on `device`: a CUDA GPU if there is one, else the CPU."""
        folder = Path(folder)
        towers, tokenizer, look = load_towers(folder)
        towers.to(usual_device(device))
        name = folder.resolve().name if name is None else name
        return cls(towers, tokenizer, look, name=name, card=read_card(folder))

    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
        save_towers(self.config, self.towers.state_dict(), self.tokenizer, self.look, Path(folder), self.card)

    @property
    def eye(self) -> Eye | None:
        """The frozen network that it looks at pictures with, opened when first asked for; None if it reads patches.

        Raises UsageError if the network to be had is another one, ZaohuaError if there is none.
        """
        if self._eye is None and self.config.sight:
            self._eye = Eye.open(self.config.sight, self._device)
        return self._eye

    # ---- vectors

    def embed_text(self, texts: str | Sequence[str]) -> np.ndarray:
        """A vector of length 1 for each sentence, float32 [N, D]. What is longer than the context is cut."""
        texts = [texts] if isinstance(texts, str) else list(texts)
        if empty := [text for text in texts if not text.strip()]:
            raise UsageError(t("contrastive.empty_text", text=repr(empty[0])))
        ids = self.tokenizer.encode_batch(texts)
        order = np.argsort([len(each) for each in ids], kind="stable")

        def read(part: Sequence[int]) -> Tensor:
            made = rows([ids[order[place]] for place in part], self.tokenizer.eot_id, self.config.context)
            return self.towers.read(*(x.to(self._device) for x in made))

        found = np.empty((len(texts), self.config.dim), np.float32)
        found[order] = self._in_passes(len(texts), read)
        return found

    def embed_picture(self, pictures: PictureSource | Sequence[PictureSource]) -> np.ndarray:
        """The same of pictures: files, Pillow images, or arrays uint8 [H, W, C].

        Raises UsageError where the model hears sounds, ZaohuaError for a file that is no picture.
        """
        self._needs("pictures", "embed_picture")
        given = pictures if isinstance(pictures, Sequence) and not isinstance(pictures, str) else [pictures]
        return self.picture_vectors(torch.stack([self.pixels(picture) for picture in given]))

    def embed_sound(self, sounds: SoundSource | Sequence[SoundSource]) -> np.ndarray:
        """The same of sounds: files, or samples with their rate.

        Raises UsageError where the model sees pictures, ZaohuaError for a file that is no sound.
        """
        self._needs("sounds", "embed_sound")
        given = [sounds] if isinstance(sounds, str | Path | tuple) else sounds
        return self.sound_vectors([self.spectra(sound) for sound in given])

    def embed_media(self, media: Any) -> np.ndarray:
        """Whichever of the two this model takes."""
        return self.embed_picture(media) if self.media == "pictures" else self.embed_sound(media)

    # ---- what they are for

    def similarity(self, media: Any, texts: str | Sequence[str]) -> np.ndarray:
        """Cosines of pictures (or sounds) with sentences, -1 … 1: float32 [N, M]"""
        return self.embed_media(media) @ self.embed_text(texts).T

    def clip_score(self, media: Any, texts: str | Sequence[str]) -> np.ndarray:
        """2.5 · max(cosine, 0) of each medium with the sentence in its place, float32 [N]: to be compared with numbers
        of this encoder alone."""
        cosines = (self.embed_media(media) * self.embed_text(texts)).sum(1)
        return clip_score(torch.from_numpy(cosines)).numpy()

    def classify(
        self,
        media: Any,
        labels: Sequence[str] | Mapping[str, Sequence[str]],
        prompts: Mapping[str, Sequence[str]] | None = None,
    ) -> list[Classified]:
        """The class of each picture or sound, of classes that the model need never have seen (zero-shot).

        labels: names of the classes, in English or Chinese; or for each class its names, of which the mean counts.
        prompts: language -> sentences with {} for the name, of which the mean counts; left out: captions.PROMPTS.
        """
        if len(labels) < 2:
            raise UsageError(t("contrastive.few_labels", count=len(labels)))
        named = labels if isinstance(labels, Mapping) else {label: [label] for label in labels}
        logits = float(self.towers.scale()) * self.embed_media(media) @ self.class_vectors(named, prompts).T
        if self.towers.bias is not None:
            logits = logits + float(self.towers.bias)
        shares = torch.from_numpy(logits).softmax(1).tolist()
        found = []
        for row in shares:
            ordered = sorted(zip(named, row, strict=True), key=lambda pair: -pair[1])
            found.append(Classified(ordered[0][0], dict(ordered)))
        return found

    def class_vectors(
        self, names: Mapping[str, Sequence[str]], prompts: Mapping[str, Sequence[str]] | None = None
    ) -> np.ndarray:
        """A vector of each class: the mean over its names in all prompts of their language. float32 [K, D]"""
        around = prompts or PROMPTS[self.media]
        found = []
        for each in names.values():
            texts = [words.format(name) for name in each for words in around.get(language_by_script(name), ("{}",))]
            mean = self.embed_text(texts).mean(0)
            found.append(mean / max(float(np.linalg.norm(mean)), 1e-8))
        return np.stack(found)

    # ---- as the tower takes them

    def pixels(self, picture: PictureSource) -> Tensor:
        """Any picture as the tower takes it: uint8 [C, S, S]"""
        ground, channels = tuple(self.look["background"]), self.config.channels
        image, _ = open_picture(picture)
        square = fitted(image, self.config.size, self.look["fit"], ground, transparent=channels == 4)
        return torch.from_numpy(with_channels(square, channels, ground).transpose(2, 0, 1).copy())

    def spectra(self, sound: SoundSource) -> Tensor:
        """Any sound as the tower takes it: float32 [frames, bands]"""
        wave, rate = sound if isinstance(sound, tuple) else open_sound(Path(sound))
        wave = resampled(np.asarray(wave, np.float32), rate, self.config.rate)
        if self.look["trim"]:
            wave = trimmed(wave, self.config.rate)
        return spectrum(torch.from_numpy(levelled(wave) if self.look["level"] else wave), self.config)

    def picture_vectors(self, pictures: Tensor) -> np.ndarray:
        """uint8 [N, C, S, S] -> float32 [N, D]"""
        eye = self.eye

        def see(part: Sequence[int]) -> Tensor:
            own = pictures[list(part)]
            return self.towers.see((to_floats(own) if eye is None else eye.look(own)).to(self._device))

        return self._in_passes(len(pictures), see)

    def seen_vectors(self, seen: Tensor) -> np.ndarray:
        """The same of pictures that the eye has looked at already, float16 [N, …]."""
        return self._in_passes(len(seen), lambda part: self.towers.see(seen[list(part)].to(self._device)))

    def sound_vectors(self, spectra: Sequence[Tensor]) -> np.ndarray:
        """Spectra float32 [frames, bands] each -> float32 [N, D]"""

        def hear(part: Sequence[int]) -> Tensor:
            made = together([spectra[place].float() for place in part], self.config)
            return self.towers.see(*(x.to(self._device) for x in made))

        return self._in_passes(len(spectra), hear)

    @torch.no_grad()
    def _in_passes(self, count: int, vectors: Any) -> np.ndarray:
        parts = [range(start, min(start + _AT_ONCE, count)) for start in range(0, count, _AT_ONCE)]
        made = [vectors(part).float().cpu() for part in parts]
        return torch.cat([torch.empty(0, self.config.dim), *made]).numpy()

    def _needs(self, media: str, call: str) -> None:
        if self.media != media:
            raise UsageError(
                t("contrastive.other_media", name=self.name or "?", media=t(f"contrastive.{self.media}"), call=call)
            )

    @property
    def _device(self) -> torch.device:
        return self.towers.log_scale.device
