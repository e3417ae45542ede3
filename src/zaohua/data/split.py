"""Train and validation, by document, so that no document is on both sides.

With enough documents each one's side is a function of its own content and the seed: adding or removing documents moves
no other, and equal documents share a side.

With fewer than 50, or where the sides drawn that way would be far from the wanted share, the split is by position: of
every long document the last part is validation, so that each language and style is in it; the short ones are taken as
one sequence of which the last part is validation. Cuts are at line ends. A single document of n characters is cut
exactly: text[: int(n * (1 - share))] and the rest, as is the custom for character-level benchmarks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from zaohua.data.document import Document
from zaohua.data.report import SourceReport
from zaohua.data.spool import Spool

_FEW = 50  # documents; with fewer, a tenth drawn by lot is a lottery
_TOLERANCE = 0.5  # the drawn share may differ from the wanted one by this part of it
_LONG = 10_000  # characters; the last tenth of less is too little to measure on
_LINE = 4096  # characters looked back for a line end; text without lines is cut where the share falls


@dataclass(frozen=True)
class Split:
    """The two sides of a spool, each to be read as often as needed."""

    spool: Spool
    held_back: np.ndarray  # numbers, as written, of the documents wholly in validation, ascending
    cuts: dict[int, int] = field(default_factory=dict)  # documents on both sides: where their validation part begins
    by: str = "document"  # or "position"

    def train(self) -> Iterator[Document]:
        """The documents, and parts of documents, to learn from, in order."""
        for number, document in self._read(np.setdiff1d(self.spool.numbers, self.held_back)):
            yield Document(document.text[: self.cuts[number]], document.name) if number in self.cuts else document

    def validation(self) -> Iterator[Document]:
        """The documents, and parts of documents, held back, in order."""
        for number, document in self._read(np.union1d(self.held_back, np.array(list(self.cuts), dtype=np.int64))):
            yield Document(document.text[self.cuts[number] :], document.name) if number in self.cuts else document

    def _read(self, numbers: np.ndarray) -> Iterator[tuple[int, Document]]:
        return zip(numbers.tolist(), self.spool.read(numbers), strict=True)

    def as_dict(self) -> dict[str, object]:
        """Documents and characters on each side, for the report. A document that is cut counts on both."""
        characters, numbers = self.spool.characters, self.spool.numbers
        held = int(characters[self.held_back].sum() + sum(characters[n] - cut for n, cut in self.cuts.items()))
        return {
            "by": self.by,
            "train": {
                "documents": len(numbers) - len(self.held_back),
                "characters": int(characters[numbers].sum()) - held,
            },
            "validation": {"documents": len(self.held_back) + len(self.cuts), "characters": held},
        }


def split(spool: Spool, validation: float, seed: int, report: SourceReport | None = None) -> Split:
    """Divide the kept documents. validation: wanted share of characters, between 0 and 1."""
    numbers, characters = spool.numbers, spool.characters
    sizes = characters[numbers]
    held = numbers[draw(spool.digests[numbers], seed) < validation]
    share = characters[held].sum() / max(sizes.sum(), 1)
    if len(numbers) >= _FEW and abs(share - validation) <= _TOLERANCE * validation:
        result = Split(spool, held)
    elif len(numbers) == 1:
        number, size = int(numbers[0]), int(sizes[0])
        result = Split(spool, numbers[:0], _inner({number: int(size * (1 - validation))}, characters), "position")
    else:
        result = _by_position(spool, validation)
    if report is not None:
        report.split = result.as_dict()
    return result


def draw(digests: np.ndarray, seed: int) -> np.ndarray:
    """A number in [0, 1) for each content hash and the seed. uint64 [N, 2] -> float64 [N]"""
    word = digests[:, 0] ^ (digests[:, 1] + np.uint64(seed * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF))
    word = (word ^ (word >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    word = (word ^ (word >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return (word >> np.uint64(11)) / float(1 << 53)


def _by_position(spool: Spool, validation: float) -> Split:
    """The last part of each long document and of the short ones put together."""
    numbers, characters = spool.numbers, spool.characters
    long = numbers[characters[numbers] >= _LONG]
    cuts = {int(number): int(characters[number] * (1 - validation)) for number in long}
    short = numbers[characters[numbers] < _LONG]
    ends = np.cumsum(characters[short])
    boundary = int(ends[-1] * (1 - validation)) if len(short) else 0
    held = short[ends - characters[short] >= boundary]
    for number, end in zip(short.tolist(), ends.tolist(), strict=True):
        if end - characters[number] < boundary < end:
            cuts[number] = boundary - int(end - characters[number])
    for number, cut in cuts.items():
        line = spool.document(number).text.rfind("\n", max(cut - _LINE, 0), cut) + 1
        cuts[number] = line or cut
    return Split(spool, held, _inner(cuts, characters), "position")


def _inner(cuts: dict[int, int], characters: np.ndarray) -> dict[int, int]:
    """The cuts that leave something on both sides; a document too short to be cut stays in train."""
    return {number: cut for number, cut in cuts.items() if 0 < cut < characters[number]}
