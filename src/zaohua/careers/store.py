"""The tables that ship with the package, or the newer ones that `zaohua careers update` has built on this machine.

Every table is a gzipped CSV of codes, titles and figures. `source_of(table)` says where its numbers are from.
"""

import csv
import gzip
import io
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

FOLDER = "ZAOHUA_CAREERS"  # environment variable: another place for what `zaohua careers update` builds


@dataclass(frozen=True)
class Source:
    """One publication: who published what, when, under which licence, and where it is to be had.

    period: what its figures are of, `2024/2034` or `2025-11`; fetched: the day an update brought it, whose publication
    date is not known; zh: in Chinese what is told in our own words, not the name of a publication or a notice."""

    id: str
    publisher: str
    title: str
    date: str
    licence: str
    url: str
    notice: str = ""
    period: str = ""
    fetched: str = ""
    zh: Mapping[str, str] = field(default_factory=dict, compare=False)

    def named(self, language: str) -> dict[str, str]:
        """publisher, title and licence in a language."""
        own = {"publisher": self.publisher, "title": self.title, "licence": self.licence}
        return own | dict(self.zh) if language == "zh" else own


def updated_folder() -> Path:
    """Where `zaohua careers update` keeps tables of its own; it need not exist."""
    given = os.environ.get(FOLDER)
    return Path(given) if given else Path.home() / ".cache" / "zaohua" / "careers"


def shipped_folder() -> Traversable:
    """The tables of the package."""
    return files("zaohua.careers").joinpath("tables")


@cache
def rows(table: str) -> list[dict[str, str]]:
    """The rows of `table`. They are shared: read them, do not change them."""
    with gzip.open(io.BytesIO(read(f"{table}.csv.gz")), "rt", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def has(table: str) -> bool:
    """Whether `table` is there; task sentences come only with an update."""
    return bool(_place(f"{table}.csv.gz").is_file())


def read(name: str) -> bytes:
    """A file beside the tables."""
    return bytes(_place(name).read_bytes())


@cache
def sources() -> dict[str, Source]:
    """Every publication that a number may be from, by its identifier."""
    return {name: Source(id=name, **entry) for name, entry in _toml("sources.toml")["source"].items()}


def raw_files(table: str) -> dict[str, str]:
    """The raw tables that `table` was made from, with the SHA-256 of each."""
    return dict(_toml("built.toml")[table]["from"])


@cache
def made_from(table: str) -> tuple[str, ...]:
    """The identifiers of the publications that `table` was made from."""
    publications = _toml("sources.toml")["file"]
    found = (publications[name] for name in raw_files(table))
    return tuple(dict.fromkeys(found))


def source_of(table: str) -> list[Source]:
    """The publications that `table` was made from."""
    return [sources()[name] for name in made_from(table)]


def _place(name: str) -> Any:
    newer = updated_folder() / "tables" / name
    return newer if newer.is_file() else shipped_folder().joinpath(name)


@cache
def _toml(name: str) -> Mapping[str, Any]:
    """What ships, and over it what an update has written: that may be of an older version of this package."""
    found = tomllib.loads(shipped_folder().joinpath(name).read_text(encoding="utf-8"))
    newer = updated_folder() / "tables" / name
    for key, entry in (tomllib.loads(newer.read_text(encoding="utf-8")) if newer.is_file() else {}).items():
        found[key] = found.get(key, {}) | entry
    return found


def forget() -> None:
    """Read everything anew: after an update, and in tests."""
    for cached in (rows, sources, made_from, _toml):
        cached.cache_clear()
