"""Captioned pictures, sounds and clips as the model learns from them: codes, and the tokens of their captions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.tokenizer import Tokenizer
from zaohua.multimodal.any.templates import MEDIUM
from zaohua.multimodal.any.vocabulary import LANGUAGES
from zaohua.seeding import sample_keys, uniform

if TYPE_CHECKING:
    from zaohua.data.captioned import Captioned, Side
    from zaohua.multimodal.tokenisers.images.model import ImageTokeniser
    from zaohua.multimodal.tokenisers.sounds.model import SoundTokeniser

_SPEEDS = (1.0, 0.9, 1.1)
_STREAM = 2  # this use of randomness, see zaohua.seeding


@dataclass(frozen=True, eq=False)
class Example:
    """A thing and what is said of it.

    codes: int64 [n], once for each view of it; captions: language -> the tokens of each caption; texts: the same as
    they are written; label: the name of its class, "" without one that it is called by; called: what that is called, by
    language; kinds: language -> the tokens of prompts that tell its class, see kind_prompts(); seen: what the eye sees
    of each view, see sight.py, if there is one; asked: language -> questions of the data, each with what people
    answered; asking: language -> tokens of the longest question and the longest answer together; mirrored: the codes of
    a picture in a mirror, if it is to be drawn so, too.
    """

    medium: str  # "image", "audio" or "video"
    codes: list[np.ndarray]
    captions: dict[str, list[np.ndarray]]
    texts: dict[str, list[str]]
    label: str = ""
    called: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, list[np.ndarray]] = field(default_factory=dict)
    seen: Sequence[Tensor] = ()
    asked: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    asking: dict[str, int] = field(default_factory=dict)
    mirrored: np.ndarray | None = None


@dataclass(frozen=True)
class Tokenisers:
    """What makes codes of pictures and of sounds, and back; None for a medium that the model has not."""

    image: "ImageTokeniser | None" = None
    audio: "SoundTokeniser | None" = None

    def of(self, kind: str) -> Any:
        """The one for "pictures", "sounds" or "clips". Raises UsageError where it is missing."""
        name = "audio" if kind == "sounds" else "image"
        found = getattr(self, name)
        if found is None:
            raise UsageError(t("anymodal.no_tokeniser", kind=t(f"anymodal.kind_{kind}"), name=name))
        return found


@dataclass(frozen=True)
class Views:
    """How often a picture or a sound is taken in. The first view is the thing itself; other views of a picture are
    moved by up to `shift` pixels, other views of a sound are played faster or slower (speed perturbation, Ko et al.
    2015) and begin within a token. mirror: pictures to be drawn are also seen in a mirror."""

    count: int = 1
    shift: int = 0
    seed: int = 0
    mirror: bool = False

    def of(self, pixels: Tensor, number: int) -> Tensor:
        """View `number` of these pictures, uint8 [N, C, H, W], moved by whole pixels; edges are repeated."""
        if number == 0 or self.shift == 0:
            return pixels
        keys = sample_keys(self.seed, number, torch.arange(len(pixels)), _STREAM)
        moves = (uniform(keys, 2) * (2 * self.shift + 1)).long() - self.shift  # [N, 2]
        padded = F.pad(pixels.float(), (self.shift,) * 4, mode="replicate").to(torch.uint8)
        height, width = pixels.shape[2:]
        down, right = (self.shift + moves).unbind(1)
        return torch.stack(
            [
                picture[:, y : y + height, x : x + width]
                for picture, y, x in zip(padded, down.tolist(), right.tolist(), strict=True)
            ]
        )

    def of_sound(self, wave: Tensor, number: int, samples: int) -> Tensor:
        """View `number` of a sound float32 [T], played at another speed and behind silence of less than a token's
        `samples`."""
        if number == 0:
            return wave
        length = max(1, round(len(wave) / _SPEEDS[number % len(_SPEEDS)]))
        played = F.interpolate(wave[None, None], size=length, mode="linear", align_corners=False)[0, 0]
        return F.pad(played, (number * samples // self.count, 0))


@dataclass
class Examples:
    """The examples of one side of one set of pairs. kind: "pictures", "sounds" or "clips"."""

    kind: str
    items: list[Example] = field(default_factory=list)

    @property
    def longest(self) -> int:
        """Codes of the longest of them."""
        return max((len(codes) for item in self.items for codes in item.codes), default=0)


@torch.no_grad()
def examples_of(
    captioned: "Captioned",
    side: "Side",
    tokenisers: Tokenisers,
    tokenizer: Tokenizer,
    views: Views,
    frames: int,
    look: Callable[[Tensor], Tensor] | None = None,
) -> Examples:
    """The examples of a side. frames: of each clip, spread evenly over it; look: of the eye, if there is one. Raises
    UsageError where the tokeniser that they need is missing."""
    kind = captioned.kind
    tokeniser = tokenisers.of(kind)
    seen: list[Sequence[Tensor]] = [()] * len(side)
    mirrored: Sequence[np.ndarray | None] = [None] * len(side)
    if kind == "sounds":
        rate = round(captioned.rate or 0)
        samples = round(tokeniser.samples * rate / tokeniser.rate)
        codes = [
            [tokeniser.encode(views.of_sound(wave, n, samples)[None], rate)[0].numpy() for n in range(views.count)]
            for wave in side.media
        ]
    elif kind == "clips":
        codes = [[picture_codes(tokeniser, spread(clip, frames)).reshape(-1)] for clip in side.media]
    else:
        assert isinstance(side.media, Tensor)
        shown = [views.of(side.media, number) for number in range(views.count)]
        coded = [picture_codes(tokeniser, view).reshape(len(view), -1) for view in shown]
        codes = [list(each) for each in zip(*coded, strict=True)]
        if views.mirror:
            mirrored = list(picture_codes(tokeniser, side.media.flip(-1)).reshape(len(side), -1))
        if look is not None:
            seen = list(zip(*(look(view) for view in shown), strict=True))
    found = Examples(kind)
    rows = zip(codes, side.captions, side.classes, seen, side.questions, mirrored, strict=True)
    for each, said, label, looks, asked, turned in rows:
        texts = {language: list(said[language]) for language in LANGUAGES if said.get(language)}
        captions = {language: tokenizer.encode_batch(lines) for language, lines in texts.items()}
        named = captioned.class_names.get(label, {})
        called = {language: named[language][0] for language in texts if named.get(language)}
        kinds = {
            language: tokenizer.encode_batch(kind_prompts(name, texts[language], language))
            for language, name in called.items()
        }
        asking = {language: _longest_asked(tokenizer, known) for language, known in asked.items()}
        found.items.append(
            Example(
                MEDIUM[kind], each, captions, texts, label if named else "", called, kinds, looks, asked, asking, turned
            )
        )
    return found


def _longest_asked(tokenizer: Tokenizer, asked: Mapping[str, Sequence[str]]) -> int:
    texts = list(asked), [text for given in asked.values() for text in given]
    return sum(max(map(len, tokenizer.encode_batch(each))) for each in texts)


def kind_prompts(kind: str, captions: Sequence[str], language: str) -> list[str]:
    """Prompts that tell what kind of thing is wanted: the kind alone, "heart", and before each caption, "heart: yellow
    heart"."""
    colon = "：" if language == "zh" else ": "
    return [kind, *(f"{kind}{colon}{caption}" for caption in captions)]


@torch.no_grad()
def picture_codes(tokeniser: "ImageTokeniser", pixels: Tensor) -> np.ndarray:
    """uint8 [N, C, H, W] -> int64 [N, rows, columns]"""
    return tokeniser.encode(pixels).numpy()


def spread(clip: Tensor, frames: int) -> Tensor:
    """So many frames of a clip [F, …], at even distances, the first among them; short clips repeat some."""
    return clip[torch.arange(frames) * len(clip) // frames]


def caption_texts(data: Sequence["Captioned"]) -> list[str]:
    """Every caption to learn from in the languages that the model knows, what the classes are called, and what is asked
    and answered."""
    said = [said for captioned in data for said in (*captioned.train.captions, *captioned.class_names.values())]
    texts = [text for each in said for language in LANGUAGES for text in each.get(language, [])]
    asked = [each for captioned in data for known in captioned.train.questions for each in known.values()]
    return texts + [text for known in asked for question, given in known.items() for text in (question, *given)]
