"""A task is a template: which parts follow one another in a row. The last part is what the model is to write.

    caption     <image> 64 codes </image> <zh> text <|endoftext|>
    draw        <zh> text <|endoftext|> <image> 64 codes </image>
    answer      <image> 64 codes </image> <zh> question <|endoftext|> <zh> answer <|endoftext|>

Every part opens with its mark and closes with one, a text with the tokeniser's end of text. A picture that is to be
read may stand there as vectors instead of codes, see sight.py.
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from zaohua.multimodal.any.vocabulary import LANGUAGES, Vocabulary

TEMPLATES: dict[str, tuple[str, ...]] = {
    "caption": ("image", "text"),
    "draw": ("text", "image"),
    "continue": ("image",),
    "answer": ("image", "text", "text"),
    "transcribe": ("audio", "text"),
    "speak": ("text", "audio"),
    "film": ("text", "video"),
    "narrate": ("video", "text"),
}
USUAL = {
    "pictures": {"caption": 1.0, "draw": 1.0},
    "sounds": {"transcribe": 1.0, "speak": 1.0},
    "clips": {"film": 1.0, "narrate": 0.5},
}
"""Which templates a kind of pairs is learnt by, and with what weights, where the recipe does not say."""
MEDIUM = {"pictures": "image", "sounds": "audio", "clips": "video"}


def from_text(template: str) -> bool:
    """Whether it goes from a text to a medium: what guidance is for."""
    return TEMPLATES[template][0] == "text"


def reads(template: str) -> bool:
    """Whether it goes from a medium to a text: what other views of a thing are for. What is to be made is made as it
    is: a picture moved by a pixel is other codes altogether."""
    return TEMPLATES[template][0] != "text" and len(TEMPLATES[template]) > 1


def reads_picture(template: str) -> bool:
    """Whether it begins with a picture of which something is to be said."""
    return TEMPLATES[template][0] == "image" and len(TEMPLATES[template]) > 1


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a row: tokens int64 [n] with their marks; codes: where codes of a medium stand in it, the tokens
    that may stand there, and how many; seen: what the eye saw of a picture, see sight.py: tokens between its marks only
    keep the place for that."""

    tokens: np.ndarray
    codes: range = range(0)
    seen: Tensor | None = None

    @property
    def is_text(self) -> bool:
        """Whether it holds no codes."""
        return not self.codes


def text_part(vocabulary: Vocabulary, language: str, ids: np.ndarray, end: int) -> Part:
    """A text of one of LANGUAGES. end: the tokeniser's end of text."""
    assert language in LANGUAGES
    return Part(np.concatenate(([vocabulary.mark(language)], ids.astype(np.int64), [end])))


def medium_part(vocabulary: Vocabulary, medium: str, codes: np.ndarray) -> Part:
    """Codes of a picture, a sound, or a film's pictures one after the other."""
    return Part(vocabulary.tokens(medium, codes), vocabulary.span(medium))


def seen_part(vocabulary: Vocabulary, seen: Tensor, count: int) -> Part:
    """A picture that is looked at, by so many vectors."""
    mark = vocabulary.mark("image")
    return Part(np.array([*[mark] * (1 + count), vocabulary.mark("/image")], np.int64), seen=seen)


@dataclass(frozen=True, eq=False)
class Row:
    """What the model reads and learns: inputs int64 [T], targets int64 [T] (the tokens that follow), and how much each
    of these counts, float32 [T]. seen: of a row that begins with a picture looked at."""

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    seen: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class Weighting:
    """How much a token counts: of what is asked for (1 for codes), of a text that is asked for, and of the rest."""

    text: float = 1.0
    context: float = 0.0


def row(parts: list[Part], weighting: Weighting, corrupt: float = 0.0, draws: np.ndarray | None = None) -> Row:
    """One row of these parts, the last of which is to be learnt; its opening mark, which is always given, is not.

    corrupt: the share of codes that are replaced among the inputs, never among the targets, by others drawn evenly: a
    model that writes meets its own mistakes, one that learns never would (`pkeep` of VQGAN, Esser et al. 2021,
    arXiv:2012.09841). draws: two uniform numbers for every token, [2, n].
    """
    tokens = np.concatenate([part.tokens for part in parts])
    weights = np.full(len(tokens), weighting.context, np.float32)
    last = parts[-1]
    weights[len(tokens) - len(last.tokens) + 1 :] = weighting.text if last.is_text else 1.0
    seen = parts[0].seen
    if seen is not None:
        weights[: len(parts[0].tokens)] = 0.0
    inputs = tokens
    if corrupt:
        assert draws is not None
        inputs = tokens.copy()
        place = 0
        for part in parts:
            if part.codes:
                inner = slice(place + 1, place + len(part.tokens) - 1)  # its marks stay
                hit = draws[0, inner] < corrupt
                other = part.codes.start + (draws[1, inner] * len(part.codes)).astype(np.int64)
                inputs[inner] = np.where(hit, other, inputs[inner])
            place += len(part.tokens)
    return Row(inputs[:-1], tokens[1:], weights[1:], seen)
