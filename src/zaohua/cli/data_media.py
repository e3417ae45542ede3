"""What zaohua data pictures, sounds and clips show: a table of facts, warnings, and a sheet."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from zaohua.cli.common import console, print_json, table
from zaohua.errors import UsageError
from zaohua.i18n import t


class Reported(Protocol):
    """Pictures, sounds or clips that were read. report: what was found."""

    @property
    def report(self) -> dict[str, Any]: ...


R = TypeVar("R", bound=Reported)


def show(
    source: str,
    read: Callable[[], R],
    rows: Callable[[dict[str, Any]], Mapping[str, str]],
    write_sheet: Callable[[R, Path], None],
    sheet: Path | None,
    *,
    json: bool,
) -> None:
    """Read, write the sheet if one is asked for, and print the report. rows: its facts in words; UsageError for a sheet
    that is there already."""
    if sheet is not None and sheet.exists():
        raise UsageError(t("pictures.sheet_exists", path=sheet))
    found = read()
    if sheet is not None:
        write_sheet(found, sheet)
    if json:
        print_json(found.report)
        return
    made = table(t("data.report_title", source=source), "", "")
    made.show_header = False
    for name, value in rows(found.report).items():
        made.add_row(name, value)
    out = console()
    out.print(made)
    for warning in found.report["warnings"]:
        out.print(warning)
    if sheet is not None:
        out.print(t("pictures.sheet_written", path=sheet))
