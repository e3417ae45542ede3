"""An update from a publisher that stands on this machine: tables anew, checksums kept, nothing half done."""

import csv
import hashlib
import io
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from zaohua.careers import store
from zaohua.careers.building.write import BUILT
from zaohua.careers.exposure import sentences
from zaohua.careers.occupations import occupations
from zaohua.careers.updating import onet
from zaohua.careers.updating.update import PROVENANCE, update
from zaohua.errors import ZaohuaError
from zaohua.i18n import using

CODE = "27-1024.00"
RATED = [
    {"O*NET-SOC Code": CODE, "Element ID": name, "Element Name": "A name", "Scale ID": scale, "Data Value": value}
    for name, value in (("2.A.1.a", "4.5"), ("2.B.3.e", "1.0"))
    for scale in ("IM", "LV")
]
FILES: dict[str, list[dict[str, str]]] = {
    "Occupation Data.txt": [{"O*NET-SOC Code": CODE, "Title": "Graphic Designers", "Description": "…"}],
    "Job Zones.txt": [{"O*NET-SOC Code": CODE, "Job Zone": "5"}],
    "Sample of Reported Titles.txt": [{"O*NET-SOC Code": CODE, "Reported Job Title": "Prompt Illustrator"}],
    "Alternate Titles.txt": [{"O*NET-SOC Code": CODE, "Alternate Title": "Poster Person", "Short Title": ""}],
    "Skills.txt": RATED,
    "Knowledge.txt": [RATED[0] | {"Element ID": "2.C.3.c"}],
    "Related Occupations.txt": [
        {
            "O*NET-SOC Code": CODE,
            "Related O*NET-SOC Code": "27-1011.00",
            "Relatedness Tier": "Primary-Short",
            "Index": "1",
        }
    ],
    "IWA Reference.txt": [{"Element ID": "4", "IWA ID": "4.A.2.b.2.I18", "IWA Title": "Create visual designs."}],
    "Technology Skills.txt": [{"O*NET-SOC Code": CODE, "Example": "Figma", "Commodity Title": "x", "In Demand": "Y"}],
    "Emerging Tasks.txt": [{"O*NET-SOC Code": CODE, "Task": "Draw.", "Category": "New", "Date": "08/2026"}],
    "Task Statements.txt": [{"O*NET-SOC Code": CODE, "Task ID": "1", "Task": "Draw posters.", "Task Type": "Core"}],
}


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with one release; this machine's own tables go elsewhere."""
    monkeypatch.setenv(store.FOLDER, str(tmp_path / "own"))
    folder = tmp_path / "publisher"
    folder.mkdir()
    (folder / "database.html").write_text("db_29_3_text.zip db_31_0_text.zip db_30_3_text.zip")
    (folder / "db_31_0_text.zip").write_bytes(_zipped(FILES))
    store.forget()
    yield folder
    store.forget()
    occupations.cache_clear()


def test_from_a_server(publisher: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(publisher))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = update([f"http://127.0.0.1:{server.server_port}"])
        server.shutdown()
    assert done.releases == ("O*NET 31.0 Database",)
    assert done.anything
    assert {"code": "27-1024", "task": "1", "text": "Draw posters."} in store.rows("tasks")
    with using("en"):
        drawing, hens = sentences.nearest(["Draw posters for concerts", "Feed hens"], 2)
    assert [told for told, _ in drawing] == ["Draw posters (Graphic designers)"]
    assert hens == ()
    assert {"code": "27-1024", "element": "2.A.1.a", "importance": "4.5", "level": "4.5"} in store.rows("levels")
    assert "Prompt Illustrator" in [row["title"] for row in store.rows("titles")]
    assert any(row["source"] == "s" for row in store.rows("titles"))  # the synonyms of BLS stay
    kept = tomllib.loads((done.folder / PROVENANCE).read_text(encoding="utf-8"))
    (file,) = done.files
    assert kept["onet"]["files"] == [asdict(file)]
    assert file.sha256 == hashlib.sha256((publisher / "db_31_0_text.zip").read_bytes()).hexdigest()
    assert "O*NET 31.0 Database" in {source.title for source in store.source_of("levels")}
    assert len(store.rows("wages")) > 800  # what the release does not bring is still what is shipped
    assert not update([str(publisher)]).anything


def test_a_dry_run_writes_nothing(publisher: Path) -> None:
    done = update([str(publisher)], dry=True)
    assert done.anything
    assert not done.folder.exists()


@pytest.mark.parametrize(
    "damage", ["no page", "no release", "no zip", "not a zip", "a file missing", "a column missing"]
)
def test_what_is_damaged_changes_nothing(publisher: Path, damage: str) -> None:
    before = store.read(BUILT)
    release = publisher / "db_31_0_text.zip"
    if damage == "no page":
        (publisher / "database.html").unlink()
    elif damage == "no release":
        (publisher / "database.html").write_text("nothing here")
    elif damage == "no zip":
        release.unlink()
    elif damage == "not a zip":
        release.write_bytes(b"<html>sorry</html>")
    elif damage == "a file missing":
        release.write_bytes(_zipped({name: rows for name, rows in FILES.items() if name != "Skills.txt"}))
    else:
        release.write_bytes(_zipped(FILES | {"Job Zones.txt": [{"O*NET-SOC Code": CODE, "Zone": "5"}]}))
    with pytest.raises(ZaohuaError) as error:
        update([str(publisher)])
    assert "\n" not in str(error.value)
    assert store.read(BUILT) == before
    assert not store.updated_folder().exists()


@pytest.mark.parametrize("place", ["http://[::1", "ftp://host/folder", "http://127.0.0.1:1/", "http:// /"])
def test_addresses_that_are_none(place: str) -> None:
    with pytest.raises(ZaohuaError) as error:
        update([place])
    assert "\n" not in str(error.value)


def test_the_newest_release_is_taken() -> None:
    assert onet.newest("db_9_9_text.zip db_30_1_text.zip db_30_10_text.zip") == "db_30_10_text.zip"


def _zipped(files: dict[str, list[dict[str, str]]]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, rows in files.items():
            text = io.StringIO()
            table = csv.DictWriter(text, list(rows[0]), delimiter="\t", lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
            archive.writestr(f"db_31_0_text/{name}", text.getvalue())
    return content.getvalue()
