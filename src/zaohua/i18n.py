"""Messages in Chinese and English: `t("data.empty_folder", path=p)`.

The catalogue is `messages/{en,zh}/AREA.toml`; the key's first part names the file. Both languages hold
the same keys and placeholders (tested). English is the fallback for a language that is not there.
"""

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")
_CATALOGUE = Path(__file__).parent / "messages"
_chosen: str | None = None


def set_language(language: str | None) -> None:
    """Choose "en" or "zh" for every later message; None goes back to the environment's choice."""
    global _chosen
    if language is not None and language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    _chosen = language


def language() -> str:
    """The language in force: set_language, else ZAOHUA_LANG, else the locale, else English."""
    if _chosen is not None:
        return _chosen
    for variable in ("ZAOHUA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


@contextmanager
def using(language: str | None) -> Iterator[None]:
    """Within the block, messages are in this language; None keeps the one in force."""
    before = _chosen
    set_language(language if language is not None else before)
    try:
        yield
    finally:
        set_language(before)


@cache
def catalogue(language: str, area: str) -> dict[str, str]:
    """All messages of one area in one language."""
    return tomllib.loads((_CATALOGUE / language / f"{area}.toml").read_text(encoding="utf-8"))


def t(key: str, /, **values: object) -> str:
    """The message `key` ("area.name") in the language in force, with `{placeholders}` filled in."""
    area, _, name = key.partition(".")
    message = catalogue(language(), area)[name]
    return message.format(**values) if values else message
