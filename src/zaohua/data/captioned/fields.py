"""Captions in the fields of a record: a row of a table, or the JSON file beside a picture."""

from collections import Counter
from collections.abc import Mapping

from zaohua.data.captioned.captions import (
    LANGUAGES,
    Captions,
    Questions,
    add,
    language_by_script,
    merged,
    sorted_captions,
    tidy,
)

FILE = ("file", "file_name", "filename", "path", "image", "audio", "video")
CAPTION = ("caption", "captions", "text", "transcript", "sentence")
CLASS = ("class", "label", "category")
QUESTION, ANSWER = ("question",), ("answer", "answers")
GROUP = "group"


def captions_in(record: Mapping[str, object], others: Counter[str]) -> Captions:
    """What a record says in columns named after a language (en, zh, caption_en, text_zh …), and in those of unnamed
    language (caption, captions, text, transcript, sentence), where each caption shows its own."""
    said: Captions = {}
    for language in LANGUAGES:
        named = (language, *(f"{name}_{language}" for name in CAPTION))
        add(said, language, [text for name in named for text in _texts(record.get(name))])
    unnamed = [text for name in CAPTION for text in _texts(record.get(name))]
    return merged(said, sorted_captions(unnamed, others))


def questions_in(record: Mapping[str, object], others: Counter[str]) -> Questions:
    """What a record asks of its picture in the column `question`, with what people said to it in `answer` or `answers`;
    the question shows its language. others: takes the counts of those in third languages, which are left out."""
    given = [text for name in ANSWER for text in map(tidy, _texts(record.get(name))) if text]
    asked = tidy(first_of(record, QUESTION))
    if not asked or not given:
        return {}
    language = language_by_script(asked)
    if language in LANGUAGES:
        return {language: {asked: given}}
    others[language] += 1
    return {}


def first_of(record: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The first of these columns that says something; "" if none does."""
    return next((text for name in names for text in _texts(record.get(name))), "")


def _texts(value: object) -> list[str]:
    """A cell as a list: several where it holds a list. An answer may be written as {"answer": …}, as in VQA's files."""
    if isinstance(value, dict):
        return _texts(value.get("answer"))
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [str(value)] if isinstance(value, str | int | float) and str(value).strip() else []
