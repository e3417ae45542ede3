"""The update: bring what is newer, build beside what is there, say what changed, and only then put it in its place."""

import re
import shutil
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w

from zaohua.careers import store
from zaohua.careers.building.write import BUILT, compressed
from zaohua.careers.updating import anthropic, onet, projections, publishers, wages, workbook
from zaohua.careers.updating.brought import Brought, File, read_given, refused
from zaohua.careers.updating.fetch import fetch, sha256
from zaohua.errors import ZaohuaError
from zaohua.files import new_folder
from zaohua.i18n import t

_FILE = re.compile(r"/[^/?]+\.(?:zip|xlsx|csv)(?:\?.*)?$", re.IGNORECASE)  # an address of a file, not of a folder
PROVENANCE, SOURCES = "provenance.toml", "sources.toml"


@dataclass(frozen=True)
class Changed:
    """A table's rows before and after, and how many are in only one of them."""

    table: str
    before: int
    after: int
    changed: int


@dataclass(frozen=True)
class Updated:
    """What was brought and what it changed; nothing was written if `dry`. failed: why a publisher's newest could not be
    had, a line each."""

    releases: tuple[str, ...]
    files: tuple[File, ...]
    folder: Path
    tables: tuple[Changed, ...]
    dry: bool
    failed: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether any table changed."""
        return any(each.changed for each in self.tables)


def update(
    places: Sequence[str] = (), *, dry: bool = False, tell: Callable[[str, str], None] = lambda *_: None
) -> Updated:
    """Bring the newest releases from their publishers (O*NET, the Employment Projections, wages, the Anthropic Economic
    Index), or what `places` has: a folder or address that stands in for O*NET's, or files of releases, by path or
    address.

    tell(name, place) is called before each download. What is there stays whole until everything new is written.
    """
    files = [place for place in places if (_FILE.search(place) if "://" in place else Path(place).is_file())]
    if len(files) < len(places) and len(places) > 1:
        raise ZaohuaError(t("careers.mixed_places"))
    if places:
        brought, failed = _given(files, tell) if files else [_newest_onet(places[0], tell)], list[str]()
    else:
        brought, failed = _newest(tell)
    folder, changes = store.updated_folder() / "tables", []
    made, sources, provenance = (_own(folder / name) for name in (BUILT, SOURCES, PROVENANCE))
    written = dict[str, bytes]()
    today = datetime.now(UTC).date().isoformat()
    for one in brought:
        for table, (rows, used) in one.tables.items():
            texts = [tuple(map(str, row)) for row in rows]
            changes.append(_compared(table, texts))
            content = written[f"{table}.csv.gz"] = compressed(texts)
            made[table] = {"rows": len(texts) - 1, "sha256": sha256(content), "from": dict(used)}
        entry = {name: text for name, text in asdict(store.sources()[one.source]).items() if text and name != "id"}
        if own := entry.get("zh"):
            entry["zh"] = {name: text for name, text in own.items() if name not in one.entry}
        sources.setdefault("source", {})[one.source] = entry | {"date": today, "fetched": today} | dict(one.entry)
        provenance[one.source] = {"on": today, "files": [asdict(file) for file in one.files]}
    if not dry:
        for name, own in ((BUILT, made), (SOURCES, sources), (PROVENANCE, provenance)):
            written[name] = tomli_w.dumps(own).encode()
        _write(folder, written)
    names = tuple(one.entry["title"] for one in brought)
    read = tuple(file for one in brought for file in one.files)
    return Updated(names, read, folder, tuple(changes), dry, tuple(failed))


def _downloaded(address: str, tell: Callable[[str, str], None]) -> tuple[bytes, File]:
    """A file of a release from its address."""
    place, _, name = address.partition("?")[0].rpartition("/")
    tell(name, place)
    content = fetch(name, place, address)
    return content, File(name, address, sha256(content), len(content))


def _newest(tell: Callable[[str, str], None]) -> tuple[list[Brought], list[str]]:
    """The newest of every publisher, and why that of another could not be had. Raises ZaohuaError where none could."""

    def one(addresses: list[str]) -> Brought:
        return publishers.first_of(addresses, lambda address: _given([address], tell)[0])

    found, failed = list[Brought](), list[str]()
    for bring in (
        lambda: _newest_onet(None, tell),
        lambda: one(publishers.projections()),
        lambda: one(publishers.wages(datetime.now(UTC).date())),
        lambda: _given(publishers.index(), tell)[0],
    ):
        try:
            found.append(bring())
        except ZaohuaError as error:
            failed.append(str(error))
    if not found:
        raise ZaohuaError(failed[0])
    return found, failed


def _newest_onet(place: str | None, tell: Callable[[str, str], None]) -> Brought:
    tell("database.html", place or onet.LIST)
    name = onet.newest(fetch("database.html", place or onet.LIST).decode("utf-8", "replace"))
    tell(name, place or onet.PLACE)
    content = fetch(name, place or onet.PLACE)
    return onet.bring(content, File(name, place or onet.PLACE, sha256(content), len(content)))


def _given(places: Sequence[str], tell: Callable[[str, str], None]) -> list[Brought]:
    """Each file is known by what it holds, a release of O*NET by its name."""
    found, index = list[Brought](), list[tuple[bytes, File]]()
    for each in places:
        content, file = _downloaded(each, tell) if "://" in each else read_given(Path(each))
        if onet.is_release(file.name):
            found.append(onet.bring(content, file))
        elif content.startswith(b"PK"):
            book = workbook.opened(content, file)
            found.append((wages if wages.is_of(book) else projections).bring(book, file))
        elif anthropic.looks_like(content):
            index.append((content, file))
        else:
            raise refused(file, t("careers.no_release"))
    if index:
        found.append(anthropic.bring(index))
    twice = Counter(one.source for one in found).most_common(1)[0]
    if twice[1] > 1:
        raise ZaohuaError(t("careers.mixed_places"))
    return found


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """`files` beside those of earlier updates, all at once."""
    with new_folder(folder) as building:
        if folder.is_dir():
            shutil.copytree(folder, building, dirs_exist_ok=True)
        for name, content in files.items():
            (building / name).write_bytes(content)
    store.forget()


def _compared(table: str, rows: list[tuple[str, ...]]) -> Changed:
    before = [tuple(row.values()) for row in store.rows(table)] if store.has(table) else []
    only_one = Counter(before)
    only_one.subtract(rows[1:])
    return Changed(table, len(before), len(rows) - 1, sum(map(abs, only_one.values())))


def _own(file: Path) -> dict[str, Any]:
    """What earlier updates have written; empty without any."""
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
