"""zaohua careers show / compare / transitions / emerging / update: what generative AI does to an occupation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zaohua.cli.careers_assess import assess
from zaohua.cli.careers_report import report
from zaohua.cli.common import Json, console, print_json, table
from zaohua.errors import UsageError
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.careers.pages.section import Page

app = typer.Typer()
app.command("assess", help="exposure.assess")(assess)
app.command("report", help="staff.report")(report)

_Occupation = Annotated[str, typer.Argument(help="careers.occupation_help")]
_Html = Annotated[Path | None, typer.Option("--html", help="careers.html_help", metavar="FILE")]
_Floor = Annotated[float, typer.Option("--wage-floor", help="careers.floor_help", metavar="PERCENT")]
_Most = Annotated[int, typer.Option("--most", help="careers.most_help")]


@app.command("show", help="careers.show")
def show(occupation: _Occupation, html: _Html = None, wage_floor: _Floor = 100, json: Json = False) -> None:
    from zaohua.careers.pages import page
    from zaohua.careers.profile import profile

    one = profile(occupation, _part(wage_floor))
    answer(page.show(one), one.data(), html, json)


@app.command("compare", help="careers.compare")
def compare(
    occupations: Annotated[list[str], typer.Argument(help="careers.occupation_help")],
    html: _Html = None,
    json: Json = False,
) -> None:
    from zaohua.careers.pages import page
    from zaohua.careers.profile import profile

    found = [profile(each) for each in occupations]
    codes = [each.code for each in found]
    twice = next((each for place, each in enumerate(found) if each.code in codes[:place]), None)
    if twice:
        raise UsageError(t("careers.same_twice", title=twice.occupation.title))
    if len(found) < 2:
        raise UsageError(t("careers.one_only", title=found[0].occupation.title))
    data = {"construct": t("careers.construct"), "occupations": [each.data() for each in found]}
    answer(page.compare(found), data, html, json)


@app.command("transitions", help="careers.transitions")
def transitions(
    occupation: _Occupation, wage_floor: _Floor = 100, most: _Most = 12, html: _Html = None, json: Json = False
) -> None:
    from zaohua.careers.pages import page
    from zaohua.careers.profile import profile

    if not 1 <= most <= 60:
        raise UsageError(t("careers.bad_most", value=most))
    one = profile(occupation, _part(wage_floor), most)
    data = one.data()
    kept = ("asked", "code", "title", "country", "construct", "wages", "wage_floor", "learn", "reachable")
    answer(page.transitions(one), {name: data[name] for name in kept}, html, json)


@app.command("emerging", help="careers.emerging")
def emerging(html: _Html = None, json: Json = False) -> None:
    from dataclasses import asdict

    from zaohua.careers import emerging as new
    from zaohua.careers.pages import page
    from zaohua.careers.profile import titles

    data = {
        "construct": t("careers.construct"),
        "announced": [asdict(each) for each in new.announced()],
        "new_tasks": [{"title": titles(each.code), **asdict(each)} for each in new.new_tasks()],
        "growing": [{"title": titles(each.code), **asdict(each)} for each in new.growing()],
    }
    answer(page.new_work(), data, html, json)


@app.command("update", help="careers.update")
def update(
    place: Annotated[list[str] | None, typer.Option("--from", help="careers.from_help", metavar="PLACE")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="careers.dry_help")] = False,
    json: Json = False,
) -> None:
    from dataclasses import asdict

    from zaohua.careers.updating.update import PROVENANCE
    from zaohua.careers.updating.update import update as bring

    screen = console()
    tell = (lambda *_: None) if json else lambda name, at: screen.print(t("careers.updating", name=name, place=at))
    done = bring(place or (), dry=dry_run, tell=tell)
    if json:
        print_json(asdict(done))
        return
    for each in done.tables:
        if each.changed:
            screen.print(t("careers.updated", **vars(each)))
    for reason in done.failed:
        screen.print(t("careers.updated_without", reason=reason))
    if not done.anything:
        screen.print(t("careers.updated_nothing", release=t("careers.comma").join(done.releases)))
    elif not dry_run:
        screen.print(t("careers.updated_done", folder=done.folder, provenance=done.folder / PROVENANCE))


def _part(percent: float) -> float:
    if not 0 <= percent <= 300:
        raise UsageError(t("careers.bad_floor", value=percent))
    return percent / 100


def answer(page: "Page", data: dict[str, Any], html: Path | None, json: bool) -> None:
    """Print a page or its data, and write the report if one is wanted."""
    if html is not None:
        from zaohua.careers.pages.html import write

        write(page, html)
    if json:
        print_json(data)
        return
    from zaohua.cli.columns import widths, wrapped

    screen = console()
    screen.print(page.title, style="bold")
    for sentence in page.lead:
        screen.print(sentence)
    for part in page.sections:
        screen.print()
        screen.print(part.title, style="bold")
        for sentence in part.sentences:
            screen.print(sentence)
        for line in part.lines:
            screen.print(f"  · {line}")
        if part.table:
            made = table("", *part.table.head)
            made.padding, made.pad_edge = (0, 1, 0, 0), False
            columns = widths([part.table.head, *part.table.rows], screen.width - 2 * len(part.table.head) - 2)
            for column, wide in zip(made.columns, columns, strict=True):
                column.width = wide
                column.header = wrapped(str(column.header), wide)
            for row in part.table.rows:
                made.add_row(*map(wrapped, row, columns))
            screen.print(made)
        for note in part.notes:
            screen.print(note)
    if html is not None:
        screen.print(t("careers.written", path=html))
