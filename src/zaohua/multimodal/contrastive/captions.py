"""Captions as the text tower reads them: which one of a thing is shown, in what words around it, as which tokens."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from zaohua.language.tokenizer import Tokenizer
from zaohua.seeding import uniform

PROMPTS = {
    "pictures": {
        "en": ("{}", "a picture of {}", "a drawing of {}", "this is {}", "an image that shows {}"),
        "zh": ("{}", "一张{}的图片", "画的是{}", "这是{}", "图中有{}"),
    },
    "sounds": {
        "en": ("{}", "the sound of {}", "a recording of {}", "this is {}", "you can hear {}"),
        "zh": ("{}", "{}的声音", "一段{}的录音", "这是{}", "可以听到{}"),
    },
}
"""Words around a name, by kind and language: some captions are shown in them, and zero-shot classes in all of them."""
_CHOICE = 30  # site of randomness


def rows(texts: Sequence[np.ndarray], end: int, context: int) -> tuple[Tensor, Tensor]:
    """Sentences as rows that end with a mark, cut to the context: ids [B, T] and lengths [B]."""
    cut = [ids[: context - 1] for ids in texts]
    lengths = torch.tensor([len(ids) + 1 for ids in cut])
    made = torch.full((len(cut), int(lengths.max())), end)
    for row, ids in zip(made, cut, strict=True):
        row[: len(ids)] = torch.from_numpy(ids.astype(np.int64))
    return made, lengths


class Captions:
    """The captions of one side of the data: numbered texts, and which are true of each thing.

    texts: every distinct caption; languages: of each; of: numbers of each thing's captions, int64 [N, M], -1 where it
    has fewer.
    """

    def __init__(self, captions: Sequence[dict[str, list[str]]], kind: str, tokenizer: Tokenizer) -> None:
        self.kind, self.tokenizer = kind, tokenizer
        known: dict[tuple[str, str], int] = {}
        listed = [
            {
                language: [known.setdefault((language, text), len(known)) for text in dict.fromkeys(texts)]
                for language, texts in each.items()
                if texts
            }
            for each in captions
        ]
        self._listed = listed
        self.languages = [language for language, _ in known]
        self.texts = [text for _, text in known]
        most = max(sum(map(len, each.values())) for each in listed)
        self.of = np.full((len(listed), most), -1, np.int64)
        for row, each in zip(self.of, listed, strict=True):
            numbers = [number for found in each.values() for number in found]
            row[: len(numbers)] = numbers
        self._ids: dict[tuple[int, int], np.ndarray] = {}
        for number, ids in enumerate(tokenizer.encode_batch(self.texts, threads=1)):
            self._ids[number, 0] = ids

    def chosen(self, things: np.ndarray, keys: Tensor, prompts: float) -> tuple[np.ndarray, list[np.ndarray]]:
        """One caption of each thing, its language drawn first: numbers int64 [B] and tokens. prompts: share of them
        that stand in one of the PROMPTS of their language."""
        draws = uniform(keys, 4, _CHOICE).cpu().numpy()
        numbers = np.empty(len(things), np.int64)
        found = []
        for place, (thing, draw) in enumerate(zip(things, draws, strict=True)):
            languages = list(self._listed[thing].values())
            own = languages[int(draw[0] * len(languages))]
            numbers[place] = number = own[int(draw[1] * len(own))]
            words = PROMPTS[self.kind].get(self.languages[number], ("{}",))
            found.append(self._tokens(int(number), int(draw[3] * len(words)) if draw[2] < prompts else 0))
        return numbers, found

    def positives(self, things: np.ndarray, numbers: np.ndarray) -> Tensor:
        """Whether caption j is one of thing i's: bool [B, B]"""
        return torch.from_numpy((self.of[things][:, None] == numbers[None, :, None]).any(-1))

    def right(self) -> np.ndarray:
        """The same of all things and all texts: bool [N, texts]"""
        found = np.zeros((len(self.of), len(self.texts) + 1), bool)
        np.put_along_axis(found, self.of, True, axis=1)  # -1 is the last column, which is let go
        return found[:, :-1]

    def by_language(self) -> dict[str, np.ndarray]:
        """Numbers of the captions in each language."""
        names = np.array(self.languages)
        return {language: np.flatnonzero(names == language) for language in dict.fromkeys(self.languages)}

    def tokens_of(self, number: int) -> np.ndarray:
        """A caption's tokens."""
        return self._ids[number, 0]

    def mean_length(self, context: int) -> float:
        """Tokens of a caption on average, the mark of its end among them."""
        return float(np.mean([min(len(self.tokens_of(number)) + 1, context) for number in range(len(self.texts))]))

    def _tokens(self, number: int, prompt: int) -> np.ndarray:
        if (number, prompt) not in self._ids:
            words = PROMPTS[self.kind][self.languages[number]][prompt]
            self._ids[number, prompt] = self.tokenizer.encode_batch([words.format(self.texts[number])], threads=1)[0]
        return self._ids[number, prompt]


def nearly_equal(texts: Sequence[np.ndarray], threshold: float) -> Tensor:
    """Pairs of sentences that share at least `threshold` of their tokens (those of both by those of either, Jaccard):
    bool [B, B]"""
    sets = [np.unique(ids) for ids in texts]
    places = {token: place for place, token in enumerate(np.unique(np.concatenate(sets)))} if sets else {}
    held = torch.zeros(len(sets), max(1, len(places)))
    for row, ids in zip(held, sets, strict=True):
        row[[places[token] for token in ids]] = 1
    both, sizes = held @ held.T, held.sum(1)
    return both >= threshold * (sizes[:, None] + sizes - both).clamp(min=1)
