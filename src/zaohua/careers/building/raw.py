"""A folder of publishers' tables, read by name."""

import csv
import gzip
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

from zaohua.errors import ZaohuaError
from zaohua.i18n import t


class Raw:
    """The tables of a folder. `used` collects the SHA-256 of every file that was read."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.used = folder, dict[str, str]()

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        """The rows of `name`, with or without .gz, by commas or (.tsv) tabs. ZaohuaError if there is no such file."""
        file = next((found for end in ("", ".gz") if (found := self.folder / f"{name}{end}").is_file()), None)
        if file is None:
            raise ZaohuaError(t("careers.no_raw", name=name, folder=self.folder))
        content = file.read_bytes()
        self.used[name] = hashlib.sha256(content).hexdigest()
        text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode("utf-8-sig")
        yield from csv.DictReader(io.StringIO(text), delimiter="\t" if ".tsv" in name else ",")


def number(text: str | None) -> float | None:
    """The number that a publisher wrote, or None for an empty cell, a dash or a mark."""
    try:
        return float((text or "").replace(",", ""))
    except ValueError:
        return None
