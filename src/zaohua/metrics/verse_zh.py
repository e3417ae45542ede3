"""The form of Chinese verse: lines, characters in a line, rhyme and tones.

Both go by modern Mandarin readings (pypinyin's): a rhyme by any reading of its characters, tones by the likeliest in
their line. Poems of the Tang went by medieval ones, whose entering tone has since been spread over all four tones, so
that real ones do not reach 100%: of regular Tang poems 96% (four lines) and 91% (eight) rhyme so, with their characters
in disorder 15% and 0.3%; 80% of the tone rules are kept, in disorder half.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NOT_HAN = re.compile("[^\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_REGULAR_LINES, _REGULAR_LENGTHS = (4, 8), (5, 7)  # quatrains (jueju) and octaves (lüshi) of five or seven characters

# The level-tone rhymes of classical verse (the Pingshui tables) as their characters are read today: finals that may
# rhyme with each other. What was one rhyme may be several finals now, and one final may come of several rhymes.
_RHYMES = tuple(
    frozenset(finals.split())
    for finals in (
        "i er ei uei",  # with the vowel of zhi, chi, shi, ri, zi, ci, si, which pinyin writes as i too
        "ai uai ei uei",
        "u v",
        "en in uen vn",
        "an ian uan van",
        "ao iao",
        "e o uo",
        "a ia ua ie",
        "ang iang uang",
        "eng ing ong iong ueng",
        "ou iou",
    )
)


@dataclass(frozen=True)
class Verse:
    """What can be said of one poem. rhymes: the ends of its even lines are different characters that rhyme. tones:
    share of the rules of regulated verse that it keeps. Where the poem is not regular: False and None."""

    lines: tuple[int, ...]  # characters in each line
    regular: bool  # 4 or 8 lines of 5 or of 7 characters
    rhymes: bool
    tones: float | None


def split_lines(text: str) -> list[str]:
    """The lines of a poem: runs of Chinese characters, whatever stands between them."""
    return [line for line in _NOT_HAN.split(text) if line]


def check(text: str) -> Verse:
    """The form of one poem, without a title."""
    lines = split_lines(text)
    lengths = tuple(map(len, lines))
    regular = len(lines) in _REGULAR_LINES and len(set(lengths)) == 1 and lengths[0] in _REGULAR_LENGTHS
    if not regular:
        return Verse(lengths, False, False, None)
    return Verse(lengths, True, _rhyme([line[-1] for line in lines[1::2]]), _kept([_tones(line) for line in lines]))


def has_lengths(text: str, reference: Sequence[int]) -> bool:
    """Whether the lines have exactly these lengths: all that can be checked of a tune's (cipai's) form without its
    score."""
    return [len(line) for line in split_lines(text)] == list(reference)


def _tones(line: str) -> list[int]:
    """Tone of each character, 1 to 5; 0 where no reading is known."""
    import pypinyin  # takes a tenth of a second, and few need it

    def unknown(characters: str) -> str:
        return "0" * len(characters)

    style = pypinyin.Style.TONE3
    readings = pypinyin.lazy_pinyin(line, style=style, neutral_tone_with_five=True, errors=unknown)
    return [int(tone) for reading in readings for tone in (reading if reading.isdigit() else reading[-1])]


def _rhyme(ends: Sequence[str]) -> bool:
    """Whether one class of finals holds a reading of every character, and none of them comes twice: a character is
    no rhyme to itself, or a poem of one line over and over would rhyme."""
    import pypinyin  # takes a tenth of a second, and few need it

    if len(set(ends)) < len(ends):
        return False
    readings = [set(pypinyin.pinyin(end, style=pypinyin.Style.FINALS, heteronym=True)[0]) for end in ends]
    return any(all(finals & rhyme for finals in readings) for rhyme in _RHYMES)


def _kept(tones: Sequence[Sequence[int]]) -> float:
    """Share of the rules kept. Level is a first or second tone, oblique any other: a third or fourth, and the few
    neutral ones (3 in 1,000 characters of Tang poems, most of them 子, which is oblique).

    In a line the characters 2, 4 (and 6) alternate; the second characters of the lines of a couplet differ; that of a
    couplet's first line is like that of the line before it; even lines end level, odd ones after the first oblique.
    """
    level = [[tone in (1, 2) for tone in line] for line in tones]
    rules = [line[place] != line[place + 2] for line in level for place in range(1, len(line) - 2, 2)]
    rules += [level[i][1] != level[i + 1][1] for i in range(0, len(level), 2)]
    rules += [level[i][1] == level[i + 1][1] for i in range(1, len(level) - 1, 2)]
    rules += [level[i][-1] == (i % 2 == 1) for i in range(1, len(level))]
    return sum(rules) / len(rules)
