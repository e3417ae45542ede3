"""The update: fetch, build beside what is there, say what changed, and only then put it in its place."""

import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w

from zaohua.careers import store
from zaohua.careers.building.units import Units
from zaohua.careers.building.write import BUILT, compressed
from zaohua.careers.updating import onet
from zaohua.careers.updating.fetch import fetch, sha256
from zaohua.files import new_folder

PROVENANCE = "provenance.toml"


@dataclass(frozen=True)
class Changed:
    """A table's rows before and after, and how many are in only one of them."""

    table: str
    before: int
    after: int
    changed: int


@dataclass(frozen=True)
class Updated:
    """What was fetched and what it changed; nothing was written if `dry`."""

    release: str
    sha256: str
    folder: Path
    tables: tuple[Changed, ...]
    dry: bool

    @property
    def anything(self) -> bool:
        """Whether any table changed."""
        return any(each.changed for each in self.tables)


def update(
    place: str | None = None, *, dry: bool = False, tell: Callable[[str, str], None] = lambda *_: None
) -> Updated:
    """Bring the newest O*NET from its publisher, or from `place` (a folder or an address), and build its tables.

    tell(name, place) is called before each download. What is there stays whole until everything new is written.
    """
    tell("database.html", place or onet.LIST)
    name = onet.newest(fetch("database.html", place or onet.LIST).decode("utf-8", "replace"))
    tell(name, place or onet.PLACE)
    content = fetch(name, place or onet.PLACE)
    release, units, version = onet.Release(name, content), Units.shipped(), onet.version(name)
    files, changes, made = dict[str, bytes](), [], _toml(BUILT)
    for table, rows_of in onet.TABLES.items():
        release.used = {}
        rows = [tuple(map(str, row)) for row in rows_of(release, units)]
        changes.append(_compared(table, rows))
        files[f"{table}.csv.gz"] = compressed(rows)
        made[table] = {"rows": len(rows) - 1, "sha256": sha256(files[f"{table}.csv.gz"]), "from": release.used}
    sources, today = _toml("sources.toml"), datetime.now(UTC).date().isoformat()
    entry = sources["source"]["onet"]
    entry |= {"notice": entry["notice"].replace(entry["title"], version), "title": version, "date": today}
    fetched = {"name": name, "from": place or onet.PLACE, "sha256": sha256(content), "bytes": len(content), "on": today}
    for file, value in ((BUILT, made), ("sources.toml", sources), (PROVENANCE, fetched)):
        files[file] = tomli_w.dumps(value).encode()
    folder = store.updated_folder() / "tables"
    if not dry:
        with new_folder(folder) as building:
            for file, written in files.items():
                (building / file).write_bytes(written)
        store.forget()
    return Updated(version, sha256(content), folder, tuple(changes), dry)


def _compared(table: str, rows: list[tuple[str, ...]]) -> Changed:
    before = [tuple(row.values()) for row in store.rows(table)] if store.has(table) else []
    only_one = Counter(before)
    only_one.subtract(rows[1:])
    return Changed(table, len(before), len(rows) - 1, sum(map(abs, only_one.values())))


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(store.read(name).decode())
