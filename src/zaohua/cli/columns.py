"""Tables of words on a narrow screen: how wide each column is, and where its texts break."""

import re
from collections.abc import Sequence

from rich.cells import cell_len

# Columns: longer words may be broken; the first column, of names, keeps so much; so do four Chinese characters.
_WORD, _FIRST, _CHINESE = 16, 18, 8
# One Chinese character or a word, with the marks that may not end or begin a line, and the spaces after it.
_PIECES = re.compile(r"[(（“]*(?:[\u2e80-\uffef]|[^\s\u2e80-\uffef]+)[)，。；：、）”！？]*\s*|\s+")


def widths(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Width of each column of `rows`, the head among them, of `room` in all: every word whole, if that is possible,
    and what is left over where texts are long."""
    columns = list(zip(*rows, strict=True))
    whole = [max(map(cell_len, column)) for column in columns]
    least = [_least(column, most) for column, most in zip(columns, whole, strict=True)]
    least[0] = max(least[0], min(_FIRST, whole[0]))
    spare, wanted = room - sum(least), [most - few for most, few in zip(whole, least, strict=True)]
    if spare >= sum(wanted):
        return whole
    part = max(spare, 0) / sum(wanted)
    return [few + int(part * more) for few, more in zip(least, wanted, strict=True)]


def _least(column: Sequence[str], whole: int) -> int:
    word = max((cell_len(piece.strip()) for text in column for piece in pieces(text)), default=1)
    chinese = any(ord(letter) > 0x2E80 for text in column for letter in text)
    return max(min(_WORD, word), min(_CHINESE, whole) if chinese else 0)


def wrapped(text: str, width: int) -> str:
    """The text in lines of at most `width` columns: between words, and after any Chinese character."""
    lines = [""]
    for piece in pieces(text):
        if lines[-1] and cell_len((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def pieces(text: str) -> list[str]:
    """What a text may be broken into."""
    return _PIECES.findall(text)
