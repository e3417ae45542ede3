"""The published sentences that the exposure model is fitted and checked on, read from a folder of their tables."""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zaohua.errors import ZaohuaError
from zaohua.i18n import t

LABELSET = "gpts_are_gpts_full_labelset.tsv.gz"
CSCO = "csco_2022_occupations_zh.csv.gz"


@dataclass(frozen=True)
class Work:
    """One sentence of work: its identifier, its occupation and, where published, its labels."""

    id: str
    code: str
    occupation: str
    text: str
    core: bool = True
    human: str = ""  # E0, E1 or E2
    gpt4: str = ""
    automation: str = ""  # T0 … T4


def rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """The rows of a table, plain or gzipped, by commas or (.tsv) tabs. Raises ZaohuaError when it is not there."""
    file = folder / name
    if not file.is_file():
        raise ZaohuaError(t("exposure.no_table", file=file))
    delimiter = "\t" if ".tsv" in name else ","
    data = file.read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8")
    yield from csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)


def labelled_tasks(folder: Path) -> list[Work]:
    """The 19,265 tasks of O*NET 27.2 with the labels of GPTs are GPTs (Eloundou et al. 2023, MIT)."""
    return [
        Work(
            id=row["Task ID"],
            code=row["O*NET-SOC Code"],
            occupation=row["Title"],
            text=row["Task"],
            core=row["Task Type"] == "Core",
            human=row["human_exposure_agg"],
            gpt4=row["gpt4_exposure"],
            automation=row["gpt4_automation"],
        )
        for row in rows(folder, LABELSET)
    ]


def csco_tasks(folder: Path) -> list[Work]:
    """Tasks of the Chinese classification of 2022, `CODE#n`; `CODE#0` is the definition where no task is given."""
    found = []
    for row in rows(folder, CSCO):
        if row["level"] != "4":
            continue
        tasks = split_numbered(row["tasks"])
        named = {f"{row['code']}#{place}": text for place, text in enumerate(tasks, 1)}
        for task, text in (named or {f"{row['code']}#0": row["definition"]}).items():
            found.append(Work(id=task, code=row["code"], occupation=row["name"], text=text))
    return found


def split_numbered(tasks: str) -> list[str]:
    """`1.甲 2.乙。` as ["甲", "乙"]."""
    return [text for part in re.split(r"(?:^|\s)\d{1,2}[.．]", tasks) if (text := part.strip(" 。；;\n"))]
