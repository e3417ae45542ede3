"""Writes what finds occupations by their duties: python -m zaohua.careers.exposure.train_matching DATA --work FOLDER

--work: as of zaohua.careers.exposure.train, which runs before.
"""

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from zaohua.careers.exposure import meaning
from zaohua.careers.exposure.matching import save_matcher
from zaohua.careers.exposure.model import WEIGHTS
from zaohua.careers.exposure.sources import CSCO, csco_tasks, rows
from zaohua.careers.exposure.train import KeptVectors
from zaohua.careers.occupations import by_member

_ENGLISH = {
    "onet_30_1_task_statements.tsv.gz": "Task",
    "onet_30_1_occupation_data.csv.gz": "Description",
    "onet_30_1_tasks_to_dwas.csv.gz": "DWA Title",
    "onet_30_1_alternate_titles.csv.gz": "Alternate Title",
}
_POSTINGS = "csco_2022_jobtitle_testcases_zh.csv.gz"
_FILES = (*_ENGLISH, CSCO, _POSTINGS)
_CALLED = 0.5  # what a description, and all other titles together, count where an occupation's tasks count 1
_TITLES = 12  # of an occupation, evenly out of the alphabet: hundreds of them say no more
Pairs = Sequence[tuple[str, str]]  # code of the occupation, text


def vectors(codes: Sequence[str], parts: Iterable[tuple[float, Pairs]], language: str, kept: KeptVectors) -> np.ndarray:
    """What each occupation's work means: the weighted sum of the mean vectors of each kind of its texts. [N, 384]"""
    place = {code: number for number, code in enumerate(codes)}
    total = np.zeros((len(codes), 384), np.float32)
    for weight, pairs in parts:
        known = [(place[code], text) for code, text in pairs if code in place]
        sums = np.zeros_like(total)
        np.add.at(sums, [number for number, _ in known], kept([text for _, text in known], language))
        total += weight * meaning.unit(sums)
    return meaning.unit(total)


def english(data: Path, kept: KeptVectors) -> None:
    """Words of three occupations at least."""
    unit = by_member()
    texts: dict[str, list[str]] = defaultdict(list)
    kinds: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for table, column in _ENGLISH.items():
        for row in rows(data, table):
            code = unit.get(row["O*NET-SOC Code"][:7])
            if code:
                texts[code].append(row[column])
                kinds[column].append((code, row[column]))
    parts = [(1.0, kinds["Task"]), (_CALLED, kinds["Description"]), (_CALLED, few(kinds["Alternate Title"]))]
    documents = {code: "\n".join(found) for code, found in sorted(texts.items())}
    save_matcher("en", documents, 3, vectors(list(documents), parts, "en", kept))


def few(titles: Pairs) -> list[tuple[str, str]]:
    """At most _TITLES of each occupation."""
    by_code: Mapping[str, list[str]] = defaultdict(list)
    for code, title in titles:
        by_code[code].append(title)
    return [(code, title) for code, found in by_code.items() for title in sorted(found)[:: -(-len(found) // _TITLES)]]


def chinese(data: Path, kept: KeptVectors) -> None:
    """Runs of characters of two occupations at least."""
    tasks = csco_tasks(data)
    texts: dict[str, list[str]] = defaultdict(list)
    for task in tasks:
        texts[task.code] += [task.text] if texts[task.code] else [task.text, task.occupation]
    defined = [row for row in rows(data, CSCO) if row["definition"]]
    postings = rows(data, _POSTINGS)
    parts = [
        (1.0, [(task.code, task.text) for task in tasks]),
        (_CALLED, [(row["code"], row["name"]) for row in defined]),
        (_CALLED, [(row["code"], row["definition"]) for row in defined]),
        (_CALLED, [(row["expected_code"], row["job_name"]) for row in postings]),
    ]
    documents = {code: "\n".join(found) for code, found in sorted(texts.items())}
    save_matcher("zh", documents, 2, vectors(list(documents), parts, "zh", kept))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("data", type=Path)
    options.add_argument("--work", type=Path, default=Path("exposure-work"))
    given = options.parse_args()
    kept = KeptVectors(given.work / "vectors.npz")
    english(given.data, kept)
    chinese(given.data, kept)
    about = {
        "command": "python -m zaohua.careers.exposure.train_matching DATA --work FOLDER",
        "sha256": {name: hashlib.sha256((given.data / name).read_bytes()).hexdigest() for name in _FILES},
    }
    (WEIGHTS / "matching.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
