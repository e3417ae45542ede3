"""Names of people in what somebody uploads: they are taken out before anything is scored, shown or written."""

from zaohua.careers.exposure.people.chinese import without_chinese_names
from zaohua.careers.exposure.people.english import without_english_names

HIDDEN = "…"  # stands where a name was


def without_names(line: str) -> str:
    """One line or sentence with `…` for every name of a person that can be told from the words of work."""
    return without_chinese_names(without_english_names(line, HIDDEN), HIDDEN)
