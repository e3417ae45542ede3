"""What text metrics count: words, and single characters in scripts written without spaces (Chinese, Japanese, Thai).

Case, blank space and punctuation do not count. One rule serves every language and any mixture.
"""

import re
import unicodedata
from itertools import islice

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = r"[^\W_]"
# A character that is a unit by itself, or the longest run of other letters and digits; an apostrophe joins two runs.
_UNIT = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}]){_WORD})+(?:['’](?:(?![{_UNSPACED}]){_WORD})+)*")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def units(text: str) -> list[str]:
    """The units of a text in order, in small letters and in one Unicode form (NFKC)."""
    return _UNIT.findall(unicodedata.normalize("NFKC", text).lower())


def ngrams(items: list[str], n: int) -> list[tuple[str, ...]]:
    """Every run of n items, in order; none if there are fewer."""
    return list(zip(*(islice(items, start, None) for start in range(n)), strict=False))


def is_han(unit: str) -> bool:
    """Whether a unit is a Chinese character."""
    return _HAN.fullmatch(unit) is not None


def script(texts: list[str]) -> str:
    """What most units of these texts are: "han" (Chinese characters), "latin" (words of a to z), or "other"."""
    found = [unit for text in texts for unit in units(text)]
    for name, belongs in (("han", is_han), ("latin", str.isascii)):
        if 2 * sum(map(belongs, found)) > len(found):
            return name
    return "other"
