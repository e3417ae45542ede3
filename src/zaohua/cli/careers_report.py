"""zaohua careers report: a staff list in hours."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zaohua.cli.common import Json
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.careers.staff.hours import StaffReport


def report(
    staff: Annotated[Path, typer.Argument(help="staff.file_help", metavar="STAFF")],
    html: Annotated[Path | None, typer.Option("--html", help="careers.html_help", metavar="FILE")] = None,
    json: Json = False,
) -> None:
    from zaohua.careers.staff.hours import staff_report
    from zaohua.careers.staff.page import page
    from zaohua.careers.staff.read import read_staff
    from zaohua.cli.careers import answer

    found = staff_report(read_staff(staff), t("staff.pooled"))
    answer(page(found), _data(found), html, json)


def _data(found: "StaffReport") -> dict[str, Any]:
    """As on the page: rows by number, so that no name is passed on."""
    from zaohua.careers.staff.hours import RATES, YEARS, uptake

    total = found.total
    return {
        "construct": t("careers.construct"),
        "country": "US",
        "total": asdict(total) if total else None,
        "roles": [asdict(each) for each in found.roles],
        "groups": [asdict(each) for each in found.groups],
        "scenarios": [
            {"name": name, "years": years, "uptake": uptake(name, years), "freed_hours": total.freed(name, years)}
            for name in RATES
            for years in YEARS
            if total
        ],
        "unmatched_lines": [row.line for row in found.unmatched],
        "unsure_lines": [each.row.line for each in found.unsure],
    }
