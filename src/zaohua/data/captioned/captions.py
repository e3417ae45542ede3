"""Captions: what is said of a picture, a sound or a clip, in English and in Chinese."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from zaohua.data.digit_names import DIGIT_NAMES
from zaohua.data.languages import language_of

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Captions = dict[str, list[str]]  # language -> what is said in it, the first being the name or the main one
Questions = dict[str, dict[str, list[str]]]  # language -> question -> what people answered
_OTHER_SCRIPTS = ("ja", "ko", "ru", "ar", "hi", "th")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SPACE = re.compile(r"\s+")


@dataclass
class Others:
    """Counts of what is left out for being in a third language, by that."""

    captions: Counter[str] = field(default_factory=Counter)
    questions: Counter[str] = field(default_factory=Counter)  # that somebody has answered


def tidy(text: str) -> str:
    """One line, single spaces, composed characters."""
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def language_by_script(text: str) -> str:
    """ "zh", "en" for whatever is in Latin letters or has none, or the code of a language in another script.

    A caption is too short for its function words to tell English from French.
    """
    letters = [letter for letter in text if letter.isalpha()]
    if 4 * sum("\u3041" <= letter <= "\u30ff" for letter in letters) > len(letters):  # kana
        return "ja"
    found = language_of(text)
    if found == "zh" or found in _OTHER_SCRIPTS:
        return found
    latin = sum(letter < "\u0250" or "\u1e00" <= letter < "\u1f00" for letter in letters)
    return "en" if 2 * latin >= len(letters) else "other"


def sorted_captions(texts: Iterable[str], others: Counter[str]) -> Captions:
    """Captions by their language, each once. others: takes the counts of those in third languages, which are left
    out."""
    found: Captions = {}
    for text in map(tidy, texts):
        language = language_by_script(text)
        if text and language in LANGUAGES:
            add(found, language, [text])
        elif text:
            others[language] += 1
    return found


def add(captions: Captions, language: str, texts: Iterable[str]) -> None:
    """Put further captions in, each once."""
    known = captions.setdefault(language, [])
    known += [text for text in dict.fromkeys(map(tidy, texts)) if text and text not in known]
    if not known:
        del captions[language]


def merged(first: Captions, second: Captions) -> Captions:
    """All that is said in one or the other."""
    both = {language: list(texts) for language, texts in first.items()}
    for language, texts in second.items():
        add(both, language, texts)
    return both


def asked_too(first: Questions, second: Questions) -> Questions:
    """All that is asked in one or the other, with every answer: how often one was given counts."""
    both = {language: {asked: list(given) for asked, given in known.items()} for language, known in first.items()}
    for language, known in second.items():
        for asked, given in known.items():
            both.setdefault(language, {}).setdefault(asked, []).extend(given)
    return both


def of_class(name: str) -> Captions:
    """The name of a class as a caption: digits as words in both languages and as they are, others by their script."""
    if name.isascii() and name.isdecimal() and len(name) == 1:
        return {language: [names[int(name)], name] for language, names in DIGIT_NAMES.items()}
    return sorted_captions([name.replace("_", " ")], Counter())


def words(text: str, language: str) -> list[str]:
    """What a caption is made of: English words in small letters; Chinese characters, for words have no spaces."""
    text = unicodedata.normalize("NFKC", text).lower()
    if language == "zh":
        return [character for character in text if character.isalnum()]
    return _WORD.findall(text)


def all_words(captions: Sequence[Mapping[str, Sequence[str]]], language: str) -> set[str]:
    """Every word of all captions in a language."""
    return {word for one in captions for text in one.get(language, ()) for word in words(text, language)}
