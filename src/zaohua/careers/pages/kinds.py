"""Likely, uncertain or unlikely by kind of content, as all pages say it."""

from collections.abc import Mapping

from zaohua.careers.exposure.levels import LEVEL_NAMES, Levels
from zaohua.careers.pages.section import Table
from zaohua.i18n import t


def kinds_table(kinds: Mapping[str, Levels]) -> Table:
    """A row for each kind: the shares that are likely, uncertain, unlikely."""
    head = (t("careers.kind"), *(t(f"careers.level_{name}") for name in reversed(LEVEL_NAMES)))
    rows = tuple(
        (t(f"careers.kind_{kind}"), *(f"{getattr(found, name):.0%}" for name in reversed(LEVEL_NAMES)))
        for kind, found in kinds.items()
    )
    return Table(head, rows)


def kinds_present(kinds: Mapping[str, str]) -> str:
    """From kind to level: those that are not unlikely, in one cell; a dash for none."""
    named = [
        t("careers.kind_level", kind=t(f"careers.kind_{kind}"), level=t(f"careers.level_{level}"))
        for kind, level in kinds.items()
        if level != "unlikely"
    ]
    return t("careers.comma").join(named) or t("careers.unknown_number")
