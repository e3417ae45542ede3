"""A sound tokeniser ready to use: waves to some tens of whole numbers a second, and back."""

from pathlib import Path
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.artifacts import Audio
from zaohua.data.sounds import resampled
from zaohua.data.sounds.single import given_sound
from zaohua.errors import UsageError
from zaohua.gan.folder import save_gan
from zaohua.gan.vocoder.measures import untrained
from zaohua.gan.vocoder.model import VocoderModel
from zaohua.i18n import t
from zaohua.machine import usual_device
from zaohua.model_folder.files import CONFIG, read_card
from zaohua.multimodal.tokenisers.autoencoder import Autoencoder
from zaohua.multimodal.tokenisers.sounds.folder import VOCODER, config_of, load_tokeniser
from zaohua.multimodal.tokenisers.sounds.network import SoundShape
from zaohua.nn.mel import LOG_FLOOR, log_mel

_AT_ONCE = 32  # sounds in a pass


class SoundTokeniser:
    """What a run of `task = "sound-tokens"` leaves. form: of its networks; vocoder: what makes sound of spectrograms,
    None for 32 rounds of Griffin and Lim's method."""

    kind = "sound tokeniser"

    def __init__(
        self,
        network: Autoencoder,
        form: SoundShape,
        vocoder: VocoderModel | None = None,
        *,
        name: str = "",
        card: str | None = None,
    ) -> None:
        self.network, self.form, self.vocoder, self.name, self.card = network, form, vocoder, name, card
        if vocoder is not None and vocoder.mel_config != form.mel:
            raise UsageError(
                t("tokenise.other_vocoder", name=name or t("tokenise.this_tokeniser"), vocoder=vocoder.name)
            )

    @classmethod
    def load(
        cls,
        folder: Path | str,
        *,
        name: str | None = None,
        device: torch.device | str | None = None,
        vocoder: Path | str | None = None,
    ) -> Self:
        """Open a model folder on `device`: a CUDA GPU if there is one, else the CPU. vocoder: another one's folder than
        that which lies in it, if one does; UsageError if it was trained on other spectrograms."""
        folder, device = Path(folder), usual_device(device)
        network, form = load_tokeniser(folder)
        beside = folder / VOCODER if (folder / VOCODER / CONFIG).is_file() else None
        where = beside if vocoder is None else Path(vocoder)
        voice = None if where is None else VocoderModel.load(where, device=device)
        name = folder.resolve().name if name is None else name
        return cls(network.to(device), form, voice, name=name, card=read_card(folder))

    def save(self, folder: Path | str) -> None:
        """Write the folder, and in it the vocoder's if there is one, each whole or not at all."""
        save_gan(Path(folder), config_of(self.form), {"generator": self.network.state_dict()}, self.card)
        if self.vocoder is not None:
            self.vocoder.save(Path(folder) / VOCODER)

    @property
    def codes(self) -> int:
        """Tokens are numbers below that."""
        return self.network.quantiser.codes

    @property
    def rate(self) -> int:
        """Samples per second of what it makes."""
        return self.form.mel.rate

    @property
    def samples(self) -> int:
        """Of one token."""
        return self.form.frames * self.form.mel.hop

    def tokens_of(self, seconds: float) -> int:
        """How many tokens a sound of this length has."""
        return -(-round(seconds * self.rate) // self.samples)

    @torch.no_grad()
    def encode(self, waves: Tensor, rate: int) -> Tensor:
        """float32 [B, T] at any rate -> int64 [B, L] on the CPU, L = ⌈T / samples⌉ at its own rate."""
        if waves.ndim != 2 or not waves.is_floating_point():
            raise UsageError(t("tokenise.bad_wave", shape=list(waves.shape)))
        if rate != self.rate:
            waves = torch.from_numpy(np.stack([resampled(wave, rate, self.rate) for wave in waves.cpu().numpy()]))
        parts = [self.network.encode(self.form.seen(self._mel(part))).cpu() for part in waves.split(_AT_ONCE)]
        return torch.cat(parts)

    @torch.no_grad()
    def mel(self, ids: Tensor) -> Tensor:
        """The spectrogram that tokens stand for: int64 [B, L] -> natural logarithms [B, bands, L · frames] on the CPU.
        UsageError for what are no tokens of it."""
        fits = ids.ndim == 2 and not ids.is_floating_point()
        if not fits or (ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) < self.codes):
            raise UsageError(t("tokenise.bad_sound_tokens", name=self.name, codes=self.codes))
        if not ids.numel():
            return torch.zeros(len(ids), self.form.mel.bands, 0)
        parts = [self.form.heard(self.network.decode(part.to(self._device))).cpu() for part in ids.split(_AT_ONCE)]
        return torch.cat(parts)

    @torch.no_grad()
    def decode(self, ids: Tensor) -> Tensor:
        """int64 [B, L] -> float32 [B, L · samples] on the CPU. UsageError for what are no tokens of it."""
        bands = self.mel(ids)
        if not bands.shape[2]:
            return torch.zeros(len(ids), 0)
        if self.vocoder is None:
            return torch.cat([untrained(part, self.form.mel) for part in bands.split(_AT_ONCE)])
        return torch.stack([torch.from_numpy(self.vocoder.wave(one)) for one in bands])

    def copy(self, sound: str | Path | np.ndarray, rate: int | None = None) -> Audio:
        """What is left of a recording when it has been through its tokens: a file, or a wave float32 [T] at `rate`.

        Raises UsageError for a file that is not there, ZaohuaError for one that is no sound.
        """
        wave, rate, prompt = given_sound(sound, rate)
        length = round(len(wave) * self.rate / rate)
        made = self.decode(self.encode(torch.from_numpy(np.asarray(wave, np.float32))[None], rate))[0, :length]
        return Audio(samples=made.numpy(), rate=self.rate, model=self.name, prompt=prompt)

    def _mel(self, waves: Tensor) -> Tensor:
        """Spectrograms of whole tokens, silence behind what is shorter."""
        bands = log_mel(waves.to(self._device), self.form.mel)
        return F.pad(bands, (0, -bands.shape[2] % self.form.frames), value=LOG_FLOOR)

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device
