"""The unit of text data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """One text and where it came from: a file's path inside its source, then ":row" or "#part" if there are several."""

    text: str
    name: str
