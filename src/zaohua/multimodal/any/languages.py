"""Which of the languages it knows a prompt for a model is in."""

from collections.abc import Sequence

from zaohua.data.languages import language_of
from zaohua.errors import UsageError
from zaohua.i18n import t

_ENGLISH = frozenset(
    {
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "come",
        "con",
        "die",
        "do",
        "for",
        "from",
        "hat",
        "he",
        "in",
        "is",
        "me",
        "men",
        "more",
        "no",
        "of",
        "on",
        "over",
        "par",
        "per",
        "plus",
        "pour",
        "she",
        "son",
        "the",
        "to",
        "was",
        "with",
    }
)
"""Words that make a prompt English, even those that other languages have too."""

_SHORT = 3  # words: in fewer, a word of two languages ("die", "on") says nothing


def prompt_language(text: str, known: Sequence[str]) -> str:
    """ "en" or "zh". Raises UsageError, one line that says what the model knows, for a text in another language."""
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return known[0]  # a number, a smiley
    found, words = language_of(text), text.lower().split()
    latin = sum(map(str.isascii, letters)) * 2 > len(letters)
    if latin and (found == "other" or len(words) < _SHORT or _ENGLISH & set(words)):
        found = "en"
    if found not in known:
        raise UsageError(t("anymodal.other_language", found=found, known=", ".join(known)))
    return found
