"""Whether a description says what it was asked to say: values of an attribute list that stand in it word for word."""

import re
from collections.abc import Sequence

# name[The Mill], food[English] as in the E2E set; 类型#裙*材质#针织 as in AdvertiseGen.
_VALUE = re.compile(r"\[([^\[\]]+)\]|#([^#*]+)")


def listed_values(attributes: str) -> list[str]:
    """The values of an attribute list; none if the text is no such list."""
    return [(bracketed or hashed).strip().lower() for bracketed, hashed in _VALUE.findall(attributes)]


def values_said(attributes: Sequence[str], texts: Sequence[str]) -> float | None:
    """Share of all listed values that stand in their text, letter case aside; None where nothing is listed.

    A true text may say a value in other words, so even people's texts score less than 1: read it beside theirs.
    """
    said = [value in text.lower() for row, text in zip(attributes, texts, strict=True) for value in listed_values(row)]
    return sum(said) / len(said) if said else None
