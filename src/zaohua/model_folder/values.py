"""Typed reading of a model's description: a value of the wrong kind is refused by its name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t

LARGEST = 1_000_000  # of a dimension: keeps a hostile description from overflowing or exhausting memory


class Values:
    """The keys and values of one file. A missing value, or one of null, is the default."""

    def __init__(self, raw: Mapping[str, Any], path: Path) -> None:
        self.raw, self.path = raw, path

    def whole(self, key: str, default: int | None = None, largest: int = LARGEST) -> int:
        """A whole number from 1 to `largest`."""
        value = default if self.raw.get(key) is None else self.raw[key]
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= largest:
            raise self.refuse(key, value, t("hub.expected_whole", largest=largest))
        return value

    def in_parts(self, key: str, parts: str) -> tuple[int, int]:
        """Two whole numbers, of which the second divides the first: a width and the heads that share it."""
        whole, count = self.whole(key), self.whole(parts)
        if whole % count:
            raise self.divides(parts, count, key, whole)
        return whole, count

    def positive(self, key: str, default: float | None = None) -> float:
        """A positive number."""
        value = default if self.raw.get(key) is None else self.raw[key]
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e30:
            raise self.refuse(key, value, t("hub.expected_positive"))
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = default if self.raw.get(key) is None else self.raw[key]
        if not isinstance(value, bool):
            raise self.refuse(key, value, t("hub.expected_flag"))
        return value

    def supported(self, key: str, *known: Any) -> Any:
        """One of the known values, of which the first is the default; any other is refused as not supported."""
        value = known[0] if self.raw.get(key) is None else self.raw[key]
        if not any(value is one or (type(value) is type(one) and value == one) for one in known):
            raise self.unsupported(key, value)
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names, none if there is none."""
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self.refuse(key, one_line(value), t("hub.expected_labels"))
        return tuple(value)

    def widths(self, key: str, most: int = 12, largest: int = 8192) -> tuple[int, ...]:
        """A list of 1 to `most` whole numbers from 1 to `largest`: channels, layer by layer."""
        value = self.raw.get(key)
        whole = isinstance(value, list) and all(type(width) is int and 1 <= width <= largest for width in value)
        if not isinstance(value, list) or not whole or not 1 <= len(value) <= most:
            raise self.refuse(key, value, t("gan.expected_widths"))
        return tuple(value)

    def unsupported(self, key: str, value: Any) -> ZaohuaError:
        """The error for a setting that our blocks have no part for."""
        return ZaohuaError(t("hub.unsupported", path=self.path, key=key, value=one_line(value)))

    def divides(self, key: str, value: int, by: str, whole: int) -> ZaohuaError:
        """The error for a number that does not divide another."""
        return self.refuse(key, value, t("hub.expected_divides", key=by, value=whole))

    def even(self, key: str, value: int) -> ZaohuaError:
        """The error for an odd number of channels: they turn in pairs."""
        return self.refuse(key, value, t("hub.expected_even"))

    def refuse(self, key: str, value: Any, expected: str) -> ZaohuaError:
        """The error for a value that cannot be meant, or is not there."""
        if value is None:
            return ZaohuaError(t("hub.no_value", path=self.path, key=key, expected=expected))
        return ZaohuaError(t("hub.bad_value", path=self.path, key=key, value=one_line(value), expected=expected))
