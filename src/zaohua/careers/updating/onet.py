"""A release of the O*NET database in its text form, read as the raw tables that the builder knows."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from urllib.parse import urlunsplit

from zaohua.careers import store
from zaohua.careers.building import anthropic, occupations
from zaohua.careers.building.occupations import Row
from zaohua.careers.building.raw import Raw
from zaohua.careers.building.units import Units
from zaohua.careers.updating.brought import Brought, File, refused
from zaohua.errors import ZaohuaError
from zaohua.i18n import t

_HOST = "www.onetcenter.org"
PLACE = urlunsplit(("https", _HOST, "/dl_files/database", "", ""))
LIST = urlunsplit(("https", _HOST, "", "", ""))  # database.html there names the newest release
_NAME = re.compile(r"db_(\d+)_(\d+)_text\.zip")
_FILES = {
    "onet_30_1_occupation_data.csv": "Occupation Data.txt",
    "onet_30_1_job_zones.csv": "Job Zones.txt",
    "onet_30_1_sample_reported_titles.csv": "Sample of Reported Titles.txt",
    "onet_30_1_alternate_titles.csv": "Alternate Titles.txt",
    "onet_30_1_skills.csv": "Skills.txt",
    "onet_30_1_knowledge.csv": "Knowledge.txt",
    "onet_30_1_related_occupations.csv": "Related Occupations.txt",
    "onet_30_1_iwa_reference.csv": "IWA Reference.txt",
    "onet_30_1_technology_skills.csv": "Technology Skills.txt",
    "onet_30_1_emerging_tasks.csv": "Emerging Tasks.txt",
    "onet_30_1_task_statements.tsv": "Task Statements.txt",
}
_RATED = ("Skills.txt", "Knowledge.txt")


def tasks(raw: Raw, units: Units) -> Iterator[Row]:
    """code, task, text: the task sentences, which are not shipped."""
    yield "code", "task", "text"
    for row in raw.rows("onet_30_1_task_statements.tsv"):
        if code := units.of(row["O*NET-SOC Code"]):
            yield code, row["Task ID"], row["Task"]


# What a release of O*NET builds anew. The others need publications that it does not bring.
TABLES = {
    "occupations": occupations.occupations,
    "titles": occupations.titles,
    "elements": occupations.elements,
    "levels": occupations.levels,
    "related": occupations.related,
    "activity_titles": occupations.activity_titles,
    "software": occupations.software,
    "emerging": occupations.emerging,
    "tasks": tasks,
    anthropic.NUMBERED: anthropic.numbered_tasks,
}


def newest(page: str) -> str:
    """The newest `db_31_0_text.zip` that the publisher's page names."""
    found = max(_NAME.finditer(page), key=lambda match: (int(match[1]), int(match[2])), default=None)
    if found is None:
        raise ZaohuaError(t("careers.fetch_damaged", name="database.html", place=LIST, reason="db_*_text.zip"))
    return found[0]


def is_release(name: str) -> bool:
    """Whether a file is named as the publisher names its releases."""
    return _NAME.fullmatch(name) is not None


def bring(content: bytes, file: File) -> Brought:
    """All tables of a release."""
    release, units, tables = Release(file.name, content), Units.shipped(), {}
    for table, rows_of in TABLES.items():
        release.used = {}
        try:
            tables[table] = list(rows_of(release, units)), dict(release.used)
        except (KeyError, ValueError, AttributeError, UnicodeDecodeError, csv.Error, zipfile.BadZipFile) as error:
            raise refused(file, f"{table}: {error}") from error  # a column is missing, or a cell is not what it was
    title, old = version(file.name), store.sources()["onet"]
    return Brought("onet", {"notice": old.notice.replace(old.title, title), "title": title}, tables, [file])


def version(name: str) -> str:
    """`db_30_1_text.zip` → `O*NET 30.1 Database`."""
    match = _NAME.fullmatch(name)
    assert match is not None
    return f"O*NET {match[1]}.{match[2]} Database"


class Release(Raw):
    """The tables of a release. Ratings, one scale a row there, are put side by side; BLS's synonyms stay as shipped."""

    def __init__(self, name: str, content: bytes) -> None:
        self.used = {}
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            self._members = {member.rpartition("/")[2]: member for member in self._zip.namelist()}
            missing = [file for file in _FILES.values() if file not in self._members]
        except zipfile.BadZipFile as error:
            raise ZaohuaError(t("careers.fetch_damaged", name=name, place=PLACE, reason=error)) from error
        if missing:
            raise ZaohuaError(t("careers.fetch_damaged", name=name, place=PLACE, reason=f"- {missing[0]}"))

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        """As Raw.rows."""
        if name == "bls_ep_2024_34_title_synonyms.csv":
            for row in store.rows("titles"):
                if row["source"] == "s":
                    yield {"soc": row["code"], "also_called": row["title"]}
            return
        file = _FILES[name]
        self.used[name] = file
        with self._zip.open(self._members[file]) as binary:
            table = csv.DictReader(io.TextIOWrapper(binary, encoding="utf-8-sig", newline=""), delimiter="\t")
            yield from _side_by_side(table) if file in _RATED else table


def _side_by_side(table: Iterator[dict[str, str]]) -> Iterator[dict[str, str]]:
    rated: dict[tuple[str, str], dict[str, str]] = {}
    for row in table:
        key = row["O*NET-SOC Code"], row["Element ID"]
        kept = rated.setdefault(key, {name: row[name] for name in ("O*NET-SOC Code", "Element ID", "Element Name")})
        kept[row["Scale ID"]] = row["Data Value"]
    for kept in rated.values():
        yield {"IM": "", "LV": ""} | kept
