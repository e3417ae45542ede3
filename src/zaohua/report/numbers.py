"""Numbers as people read them, in the language in force."""

import math

from zaohua.i18n import t

MISSING = "–"


def number(value: object) -> float | None:
    """The value if it is a finite number, else None: a report is read from files that may be damaged."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def decimal(value: object, places: int = 3) -> str:
    """1.234 with a fixed number of places; thousands are set apart."""
    found = number(value)
    return MISSING if found is None else f"{found:,.{places}f}"


def whole(value: object) -> str:
    """1,234,567"""
    return decimal(value, 0)


def percent(value: object, places: int = 1) -> str:
    """A share as a percentage."""
    found = number(value)
    return MISSING if found is None else f"{100 * found:.{places}f}%"


def scaled(value: object, units: tuple[str, ...] = ("", "K", "M", "G", "T", "P", "E")) -> str:
    """Three figures and a unit, each a thousand times the one before: 12.3 M."""
    found = number(value)
    if found is None:
        return MISSING
    step = 0
    while abs(found) >= 999.5 and step < len(units) - 1:
        found, step = found / 1000, step + 1
    places = 0 if step == 0 and found == round(found) else 2 if abs(found) < 10 else 1 if abs(found) < 100 else 0
    return f"{found:,.{places}f} {units[step]}".strip()


def size(value: object) -> str:
    """Bytes as KB, MB, GB (thousands, as disks are sold)."""
    return scaled(value, ("B", "KB", "MB", "GB", "TB"))


def duration(seconds: object) -> str:
    """Seconds, minutes or hours, two units at most."""
    found = number(seconds)
    if found is None:
        return MISSING
    if found < 59.5:
        return t("report.seconds", seconds=f"{found:.1f}" if found < 10 else f"{found:.0f}")
    minutes, rest = divmod(round(found), 60)
    if minutes < 60:
        return t("report.minutes", minutes=minutes, seconds=rest)
    return t("report.hours", hours=minutes // 60, minutes=minutes % 60)
