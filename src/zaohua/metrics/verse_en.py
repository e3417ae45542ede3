"""The form of English verse: rhyme and metre by the CMU Pronouncing Dictionary (American readings)."""

import re
from collections import Counter
from collections.abc import Sequence

from zaohua.extras import need

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")  # one with other letters or digits is whole, and in no dictionary


def split_lines(text: str) -> list[list[str]]:
    """The words of each line that has any, in small letters."""
    lines = (_WORD.findall(line.lower().replace("’", "'")) for line in text.splitlines())
    return [words for words in lines if words]


def rhyming_share(text: str, within: int = 3) -> float | None:
    """Share of lines whose last word rhymes with that of another line at most `within` lines away: two different words
    that sound alike from the last stressed vowel on. Words the dictionary lacks rhyme with none. None below two lines.
    """
    ends = [line[-1] for line in split_lines(text)]
    if len(ends) < 2:
        return None
    sounds = [_rhyming_parts(word) for word in ends]
    rhymed = [
        any(
            ends[i] != ends[j] and sounds[i] & sounds[j]
            for j in range(max(0, i - within), min(len(ends), i + within + 1))
        )
        for i in range(len(ends))
    ]
    return sum(rhymed) / len(rhymed)


def iambic_share(text: str, feet: int | None = None) -> float | None:
    """Share of lines that can be read as iambs, of those whose words the dictionary all knows; None if there is none.

    A line of so many feet has twice as many syllables, or one more, unstressed, at its end; the main stress of each
    word of several syllables falls on an even one; words of one syllable stand anywhere. Some reading of each word
    must fit. feet: 5 for pentameter; left out: of any length, but the commonest of the text's lines.
    """
    known = [readings for words in split_lines(text) if (readings := _readings(words)) is not None]
    if not known:
        return None
    if feet is None:
        feet = Counter(_feet(readings) for readings in known).most_common(1)[0][0]
    return sum(_scans(readings, feet) for readings in known) / len(known)


def _feet(readings: Sequence[Sequence[str]]) -> int:
    return max(1, sum(len(choices[0]) for choices in readings) // 2)


def _scans(readings: Sequence[Sequence[str]], feet: int) -> bool:
    """readings: of each word the stresses it may have, such as "102": 1 main, 2 second, 0 none."""
    ends = {(0, "")}  # where the words so far may end, in syllables, and the stress of the last
    for choices in readings:
        ends = {
            (place + len(stresses), stresses[-1])
            for place, _ in ends
            for stresses in choices
            if place + len(stresses) <= 2 * feet + 1 and _falls_right(stresses, place)
        }
    return any(place == 2 * feet or (place == 2 * feet + 1 and last == "0") for place, last in ends)


def _falls_right(stresses: str, place: int) -> bool:
    """Whether the main stress of a word after so many syllables falls on an even one of the line."""
    return len(stresses) == 1 or all((place + i) % 2 for i, mark in enumerate(stresses) if mark == "1")


def _readings(words: Sequence[str]) -> list[list[str]] | None:
    """The stresses that each word may have; None if the dictionary lacks a word."""
    pronouncing = need("pronouncing", "verse")
    choices = [sorted({pronouncing.stresses(phones) for phones in pronouncing.phones_for_word(word)}) for word in words]
    return choices if all(choices) else None


def _rhyming_parts(word: str) -> set[str]:
    pronouncing = need("pronouncing", "verse")
    return {pronouncing.rhyming_part(phones) for phones in pronouncing.phones_for_word(word)}
