"""Whether a text goes on speaking of what it began with: words of its beginning that come again."""

from collections.abc import Sequence

from zaohua.metrics.units import is_han, ngrams, units

_SHORTEST = 5  # letters in a word with a meaning of its own; shorter English ones are mostly function words


def content(text: str) -> list[str]:
    """Words of five letters or more, and pairs of neighbouring Chinese characters."""
    found = units(text)
    pairs = [first + second for first, second in ngrams(found, 2) if is_han(first) and is_han(second)]
    return [unit for unit in found if len(unit) >= _SHORTEST and not is_han(unit[0])] + pairs


def carry_over(beginnings: Sequence[str], texts: Sequence[str]) -> float | None:
    """Share of the content of the texts that stands in their beginnings, over all that have a beginning with content.
    Frequent words come again by chance: the same texts after each other's beginnings show how many. None without
    content."""
    hits = total = 0
    for beginning, text in zip(beginnings, texts, strict=True):
        known, found = set(content(beginning)), content(text)
        if not known:
            continue
        hits += sum(item in known for item in found)
        total += len(found)
    return hits / total if total else None
