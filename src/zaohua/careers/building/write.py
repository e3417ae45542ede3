"""All tables, written as gzipped CSV with what each was made from."""

import csv
import gzip
import hashlib
import io
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import tomli_w

from zaohua.careers.building import anthropic, chinese, figures, occupations, similar
from zaohua.careers.building.occupations import Row
from zaohua.careers.building.raw import Raw
from zaohua.careers.building.units import Units
from zaohua.files import write_atomic

TABLES: dict[str, Callable[[Raw, Units], Iterator[Row]]] = {
    "occupations": occupations.occupations,
    "titles": occupations.titles,
    "elements": occupations.elements,
    "levels": occupations.levels,
    "context": occupations.context,
    "related": occupations.related,
    "similar": similar.similar,
    "activities": occupations.activities,
    "activity_titles": occupations.activity_titles,
    "software": occupations.software,
    "emerging": occupations.emerging,
    "projections": figures.projections,
    "wages": figures.wages,
    "reasons": figures.reasons,
    "studies": figures.studies,
    anthropic.TABLE: anthropic.tasks,
    anthropic.NUMBERED: anthropic.numbered_tasks,
    "csco": chinese.csco,
    "postings": chinese.postings,
    "crosswalk": chinese.crosswalk,
    "new_in_china": chinese.new_in_china,
}
BUILT = "built.toml"  # what each table was made from: rows, SHA-256, and the SHA-256 of every raw file


def build(raw_folder: Path, tables: Path) -> dict[str, int]:
    """Write every table into `tables`; returns their numbers of rows. The same input gives the same bytes."""
    raw = Raw(raw_folder)
    units = Units(raw)
    written, common = {}, dict(raw.used)
    there = tables / BUILT  # scores of our model are made by another script: their entry stays
    made = tomllib.loads(there.read_text(encoding="utf-8")) if there.is_file() else {}
    for name, rows_of in TABLES.items():
        raw.used = dict(common)
        rows = list(rows_of(raw, units))
        content = compressed(rows)
        write_atomic(tables / f"{name}.csv.gz", content)
        written[name] = len(rows) - 1
        made[name] = {
            "rows": len(rows) - 1,
            "sha256": hashlib.sha256(content).hexdigest(),
            "from": dict(sorted(raw.used.items())),
        }
    write_atomic(tables / BUILT, tomli_w.dumps(made))
    return written


def compressed(rows: Iterable[Row]) -> bytes:
    """Rows as gzipped CSV; the same rows give the same bytes."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return gzip.compress(text.getvalue().encode(), mtime=0)
