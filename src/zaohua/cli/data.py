"""zaohua data list / report / pictures / sounds / clips / captioned: what there is to learn from, and what is in it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from zaohua.cli.common import Json, console, print_json, table
from zaohua.cli.data_captioned import report_captioned
from zaohua.cli.data_clips import report_clips
from zaohua.cli.data_pictures import report_pictures
from zaohua.cli.data_sounds import report_sounds
from zaohua.i18n import t

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer()
app.command("pictures", help="pictures.help")(report_pictures)
app.command("sounds", help="sounds.help")(report_sounds)
app.command("clips", help="clips.help")(report_clips)
app.command("captioned", help="captioned.help")(report_captioned)


@app.command("list", help="data.list_help")
def list_sets(json: Json = False) -> None:
    from zaohua.data.builtin import SETS
    from zaohua.report.numbers import scaled, size

    if json:
        print_json([_facts(entry) for entry in SETS.values()])
        return
    columns = ("name", "description", "size", "download", "licence")
    made = table(t("data.list_title"), *(t(f"data.{column}") for column in columns))
    made.columns[1].justify = made.columns[4].justify = "left"
    made.columns[0].no_wrap = True
    for entry in SETS.values():
        download = size(entry.download) if entry.wheels else t("data.no_download")
        licence = t("data.public_domain") if entry.licence == "public domain" else entry.licence
        characters = entry.modality == "text"
        unit = "data.characters" if characters else f"data.{entry.modality}"
        amount = t(unit, count=scaled(entry.characters if characters else entry.documents))
        made.add_row(entry.name, entry.description, amount, download, licence)
    out = console()
    out.print(made)
    out.print(t("data.list_hint"))


def _facts(entry: Any) -> dict[str, Any]:
    return {
        "name": entry.name,
        "source": f"builtin:{entry.name}",
        "modality": entry.modality,
        "languages": list(entry.languages),
        "description": entry.description,
        "documents": entry.documents,
        "characters": entry.characters,
        "licence": entry.licence,
        "from": entry.source,
        "download_bytes": entry.download,
    }


@app.command("report", help="data.report_help")
def report_source(
    source: Annotated[list[str], typer.Argument(help="data.source_help")],
    column: Annotated[str | None, typer.Option("--column", help="data.column_help")] = None,
    json: Json = False,
) -> None:
    import tempfile
    import time
    from pathlib import Path

    from zaohua.data.clean import clean
    from zaohua.data.config import TextDataConfig
    from zaohua.data.dedup import deduplicate
    from zaohua.data.report import SourceReport
    from zaohua.data.split import split

    config, report = TextDataConfig(source=source, column=column), SourceReport()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="zaohua-") as folder:
        spool = deduplicate(clean(_watched(config, report), config, report), config, report, Path(folder))
        if len(spool):
            split(spool, config.validation, 0, report)
        kept = spool.amounts()
    facts = {"source": source} | report.as_dict() | {"kept": kept, "seconds": round(time.monotonic() - started, 3)}
    if json:
        print_json(facts)
    else:
        console().print(_table(facts))


def _watched(config: Any, report: Any) -> Any:
    """The documents of the sources, with a bar on the terminal that follows the bytes read."""
    from zaohua.data.sources import read_sources
    from zaohua.language.corpus_progress import bars

    with bars() as show:
        for document in read_sources(config, report):
            yield document
            show("read", report.bytes_read if report.bytes_total else report.bytes, report.bytes_total)


def _table(facts: dict[str, Any]) -> "Table":
    from zaohua.report.numbers import duration
    from zaohua.report.source import rows

    made = table(t("data.report_title", source=", ".join(facts["source"])), "", "")
    made.show_header = False
    for key, value in rows(facts).items():
        made.add_row(t(f"data.{key}"), value)
        for example in _examples(facts, key):
            made.add_row("", example)
    made.add_row(t("data.seconds"), duration(facts["seconds"]))
    return made


def _examples(facts: dict[str, Any], key: str) -> list[str]:
    """Some of what a row counts, by name."""
    if key == "skipped":
        return [
            f"{name}: {t(f'data.skip_{reason}')}{f' ({detail})' if detail else ''}"
            for name, reason, detail in facts["skipped_names"][:5]
        ]
    if key == "removed":
        return [t("data.near_example", removed=removed, kept=kept) for removed, kept in facts["near_duplicates"]]
    return []
