"""What happened to the text on its way from the source to the model: one object that every stage adds to."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_LISTED = 1000  # files named one by one; past this only the counts by reason grow
_EXAMPLES = 5  # pairs of near-duplicates named


@dataclass
class SourceReport:
    """Counts of one reading. The source, the cleaner, the duplicate finder and the split each fill in their part."""

    files: int = 0  # files, tables or archive members that gave at least one document
    documents: int = 0  # documents that came out of the source
    characters: int = 0
    bytes: int = 0  # of those documents as UTF-8
    bytes_read: int = 0  # of the stored form; grows while reading, for a progress bar
    bytes_total: int | None = None  # of the stored form, where it can be known beforehand
    encodings: Counter[str] = field(default_factory=Counter)  # files by encoding
    skipped: Counter[str] = field(default_factory=Counter)  # files or rows by reason
    skipped_names: list[tuple[str, str, str]] = field(default_factory=list)  # name, reason, detail
    removed: Counter[str] = field(default_factory=Counter)  # documents by reason: short, language, exact, near
    languages: Counter[str] = field(default_factory=Counter)  # characters kept, by language
    duplicates: list[tuple[str, str]] = field(default_factory=list)  # a removed near-duplicate, what it resembles
    split: dict[str, Any] = field(default_factory=dict)

    def skip(self, name: str, reason: str, detail: str = "") -> None:
        """Note a file or row that was left out. reason: a key `skip_REASON` of the catalogue."""
        self.skipped[reason] += 1
        if len(self.skipped_names) < _LISTED:
            self.skipped_names.append((name, reason, detail))

    def resembles(self, removed: str, kept: str) -> None:
        """Note a near-duplicate as an example, if there are not enough yet."""
        if len(self.duplicates) < _EXAMPLES:
            self.duplicates.append((removed, kept))

    def skips(self) -> dict[str, Any]:
        """What was left out, as plain JSON values: counts by reason, and the names."""
        return {
            "skipped": dict(self.skipped.most_common()),
            "skipped_names": [list(item) for item in self.skipped_names],
        }

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "files": self.files,
            "documents": self.documents,
            "characters": self.characters,
            "bytes": self.bytes,
            "encodings": dict(self.encodings.most_common()),
            **self.skips(),
            "removed": dict(self.removed.most_common()),
            "languages": dict(self.languages.most_common()),
            "near_duplicates": [list(pair) for pair in self.duplicates],
            "split": self.split,
        }
