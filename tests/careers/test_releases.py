"""Files of releases that a user has: the Employment Projections' workbook, the Anthropic Economic Index."""

import csv
import gzip
import json
import re
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import openpyxl
import pytest

from zaohua.careers import outlook, store, studies
from zaohua.careers.building.anthropic import KEYS, TABULATED, fingerprint
from zaohua.careers.building.write import compressed
from zaohua.careers.occupations import occupations
from zaohua.careers.pages import page
from zaohua.careers.profile import profile
from zaohua.careers.updating import anthropic_files, onet, publishers
from zaohua.careers.updating.fetch import sha256
from zaohua.careers.updating.update import PROVENANCE, update
from zaohua.cli import run
from zaohua.errors import ZaohuaError
from zaohua.i18n import using

CODE = "27-1024"
INDEX = ["geo_id", "geography", "date_start", "date_end", "platform_and_product", "facet", "level", "variable"]
INDEX += ["cluster_name", "value"]
MONTHS = ["date_start", "date_end", "geo_id", "geo_level", "category_name", "hierarchy_level", "metric_id", "value"]
MONTHS += ["node_name", "node_external_id"]
COLUMNS, PERCENTILES = ("p10", "p25", "p50", "p75", "p90"), ("PCT10", "PCT25", "MEDIAN", "PCT75", "PCT90")
PATTERNS = ("directive", "feedback_loop", "learning", "task_iteration", "validation", "filtered")


@pytest.fixture(autouse=True)
def own_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine's own tables go elsewhere, and what was read of them is forgotten."""
    monkeypatch.setenv(store.FOLDER, str(tmp_path / "own"))
    forget()
    yield
    forget()


def forget() -> None:
    store.forget()
    for each in (
        outlook.wages,
        outlook.outlooks,
        outlook.growth,
        outlook.national_change,
        studies.measures,
        studies.with_growth,
    ):
        each.cache_clear()


def workbook(folder: Path, first: int = 2024, *, without: str = "", change: dict[str, Any] | None = None) -> Path:
    """A workbook as BLS lays it out, of what ships, `first` being its first year."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    span, matrix = f"{first}–{(first + 10) % 100}", f"{first} National Employment Matrix"
    one, two, three = (book.create_sheet(f"Table {name}") for name in ("1.2", "1.10", "1.12"))
    one.append([f"Table 1.2 Occupational projections, {span}, and worker characteristics, {first}"])
    one.append(
        [
            f"{matrix} title",
            f"{matrix} code",
            "Occupation type",
            f"Employment, {first}",
            f"Employment, {first + 10}",
            f"Employment distribution, percent, {first}",
            f"Employment change, numeric, {span}",
            f"Employment change, percent, {span}",
            f"Percent self employed, {first}",
            f"Occupational openings, {span} annual average",
            "Typical education needed for entry",
            "Work experience in a related occupation",
            "Typical on-the-job training needed to attain competency in the occupation",
        ]
    )
    two.append([f"Table 1.10 Occupational separations and openings, projected {span}"])
    two.append(
        [
            f"{matrix} title",
            f"{matrix} code",
            f"Labor force exit rate, {span} annual average",
            f"Occupational transfer rate, {span} annual average",
        ]
    )
    three.append([f"Table 1.12 Factors affecting occupational utilization, projected {span}"])
    three.append(
        [
            f"{matrix} occupation title",
            f"{matrix} occupation code",
            f"{matrix} industry title",
            f"{matrix} industry code",
            "Factors affecting occupational utilization",
        ]
    )
    one.append(["Total, all occupations", "00-0000", "Summary", 169956.1, 175167.9, 100, 5211.8, 3.1, 5.8, 18863.3])
    for row in store.rows("projections"):
        if row["code"] == without:
            continue
        row = row | (change if change and row["code"] == CODE else {})
        numbers = {name: float(value) for name, value in row.items() if re.fullmatch(r"-?\d+\.\d+", value)}
        one.append(
            [
                f"    {occupations()[row['code']].title_en}",
                row["code"],
                "Line item",
                numbers.get("employment", row["employment"]),
                numbers["projected"],
                0.2,
                numbers["projected"] - numbers.get("employment", 0.0),
                numbers["change_percent"],
                numbers.get("self_employed", "—"),
                numbers["openings"],
                *(row[name] or "None" for name in ("education", "experience", "training")),
            ]
        )
        two.append(["    A title", row["code"], numbers["exit_rate"], numbers["transfer_rate"]])
    three.append(
        ["Graphic designers", CODE, "Total, all industries", "TE1000", "Demand change - share increases as X."]
    )
    for sheet in (one, two, three):
        sheet.append(["Source: Employment Projections program, U.S. Bureau of Labor Statistics"])
    book.save(folder / "occupation.xlsx")
    return folder / "occupation.xlsx"


def wages(folder: Path, year: int = 2025, *, scale: int = 1, without: int = 0, packed: bool = False) -> Path:
    """A workbook of wages as BLS lays it out, of what ships, every sum times `scale`."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = f"national_M{year}_dl"
    kept = ("OCC_CODE", "OCC_TITLE", "O_GROUP", "TOT_EMP", "H_MEDIAN", *(f"A_{name}" for name in PERCENTILES))
    sheet.append(["AREA", "AREA_TITLE", *kept])
    sheet.append([99, "U.S.", "00-0000", "All Occupations", "total", 1, 23.8, 1, 2, 3, 4, 5])
    for row in store.rows("wages")[without:]:
        cells = ["#" if row[n] == "239200" else int(row[n]) * scale if row[n] else "*" for n in COLUMNS]
        hour = int(row["p50"]) / 2080 if row["mark"] == "h" else "*"
        cells = ["*"] * 5 if row["mark"] == "h" else cells
        sheet.append([99, "U.S.", row["code"], "A title", "detailed", int(row["employees"]), hour, *cells])
    book.create_sheet("Field Descriptions").append(["# = a wage of at least $120.00 per hour or $249,600 per year"])
    file = folder / f"national_M{year}_dl.xlsx"
    book.save(file)
    if not packed:
        return file
    with zipfile.ZipFile(folder / "oesm25nat.zip", "w") as archive:
        archive.write(file, f"oesm25nat/{file.name}")
    return folder / "oesm25nat.zip"


def index(folder: Path, rows: list[tuple[str, str, float]], name: str = "claude_ai", month: str = "2026-02") -> Path:
    """A release of the index: (task, pattern, conversations) worldwide, and what must not be counted."""
    file = folder / f"aei_raw_{name}_{month}.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(INDEX)
        head = "GLOBAL", "global", f"{month}-05", f"{month}-12", name, "onet_task::collaboration", 0
        for task, pattern, value in rows:
            table.writerow([*head, "onet_task_collaboration_count", f"{task}::{pattern}", value])
            table.writerow([*head, "onet_task_collaboration_pct", f"{task}::{pattern}", 50.0])
        table.writerow(["US", "country", *head[2:], "onet_task_collaboration_count", "a task of one country::none", 9])
    return file


def test_the_projections_of_a_workbook(tmp_path: Path) -> None:
    before, reasons = store.rows("projections"), len(store.rows("reasons"))
    done = update([str(workbook(tmp_path))])
    assert store.rows("projections") == before
    assert [(each.table, each.before, each.after) for each in done.tables] == [
        ("projections", 832, 832),
        ("reasons", reasons, 1),
    ]
    assert store.rows("reasons")[0]["kinds"] == "demand"
    assert store.sources()["bls_projections"].period == "2024/2034"


def test_a_later_decade_is_named_on_every_page(tmp_path: Path) -> None:
    done = update([str(workbook(tmp_path, 2025, change={"employment": "270.0", "change_percent": "-1.5"}))])
    assert done.releases == ("Employment Projections 2025–35",)
    assert outlook.years() == (2025, 2035)
    assert outlook.outlooks()[CODE].employment == 270.0
    one = profile(CODE)
    for language in ("en", "zh"):
        with using(language):
            text = " ".join([*page.show(one).sentences(), *page.compare([one, profile("15-1251")]).sentences()])
        assert "2035" in text
        assert "2034" not in text.replace("2024–34 (words", "")


@pytest.mark.parametrize(
    "damage",
    [
        {"without": "41-2011"},
        {"change": {"employment": "—"}},
        {"change": {"education": "Night school"}},
    ],
)
def test_a_workbook_that_does_not_fit_changes_nothing(tmp_path: Path, damage: dict[str, Any]) -> None:
    with using("en"), pytest.raises(ZaohuaError, match="nothing was changed"):
        update([str(workbook(tmp_path, **damage))])
    assert not store.updated_folder().exists()


@pytest.mark.parametrize("packed", [False, True])
def test_wages_of_a_workbook(tmp_path: Path, packed: bool) -> None:
    """What ships in BLS's layout comes back row for row, but for the limit above which sums are not told."""
    before = store.rows("wages")
    done = update([str(wages(tmp_path, packed=packed))])
    assert done.releases == ("Occupational Employment and Wage Statistics, national, May 2025",)
    limit = [{name: "249600" if value == "239200" else value for name, value in row.items()} for row in before]
    assert store.rows("wages") == limit
    assert outlook.year_of_wages() == 2025
    for language, title, sum_ in (("en", "May 2025", "249,600 dollars"), ("zh", "2025 年 5 月", "249,600 美元")):
        with using(language):
            text = " ".join(page.show(profile("29-1211")).sentences())
        assert title in text
        assert sum_ in text


def test_wages_from_an_address(tmp_path: Path) -> None:
    file = wages(tmp_path, scale=2)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/{file.name}"
        done = update([address])
        server.shutdown()
    assert [(each.place, each.sha256) for each in done.files] == [(address, sha256(file.read_bytes()))]
    assert (outlook.median_wage(CODE) or 0) > 100_000


def test_half_of_the_wages_change_nothing(tmp_path: Path) -> None:
    with using("en"), pytest.raises(ZaohuaError, match="nothing was changed"):
        update([str(wages(tmp_path, without=100))])
    assert not store.updated_folder().exists()


def test_a_release_of_the_index(tmp_path: Path) -> None:
    """Two occupations, three tasks: coverage and automation by the definition, both products added up."""
    known = [("11-1011", fingerprint("Do A."), 2), ("11-1011", fingerprint("Do B."), 1), (CODE, fingerprint("C"), 1)]
    tables = store.updated_folder() / "tables"
    tables.mkdir(parents=True)
    (tables / "anthropic_tasks.csv.gz").write_bytes(compressed([("code", "task", "weight"), *known]))
    chat = index(tmp_path, [("do a.", "directive", 6.0), ("do a.", "task iteration", 2.0), ("do a.", "none", 5.0)])
    api = index(tmp_path, [("do a.", "feedback loop", 2.0), ("c", "not_classified", 4.0)], "1p_api")
    update([str(chat), str(api)])
    found = {row["code"]: row for row in store.rows("studies")}
    assert float(found["11-1011"]["anthropic_coverage"]) == pytest.approx(2 / 3, abs=1e-4)
    assert float(found["11-1011"]["anthropic_automation"]) == pytest.approx(8 / 10)
    assert (found[CODE]["anthropic_coverage"], found[CODE]["anthropic_automation"]) == ("1.0", "")
    assert anthropic_keys() == {"onet_20_1_task_statements_aei_key.tsv"}
    source = store.sources()["anthropic"]
    assert (source.period, source.date) == ("2026-02", "2026-02")
    with using("zh"):
        assert any("2026 年 2 月" in sentence for sentence in page.show(profile(CODE)).sentences())


def test_the_release_of_november_gives_what_ships(tmp_path: Path, shared_data: Path) -> None:
    before, rows = store.rows("studies"), []
    with gzip.open(shared_data / "careers" / f"{TABULATED}.gz", "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            amount = 1e6 * float(row["pct"])
            names = {name: name.replace("_", " ") for name in PATTERNS} | {"filtered": "not_classified"}
            rows += [(row["task_name"], names[name], amount * float(row[name])) for name in PATTERNS]
    done = update([str(index(tmp_path, rows))])
    assert store.rows("studies") == before
    assert not done.anything


def months(folder: Path, rows: list[tuple[str, str, float]], name: str = "claude_ai", *, place: str = "global") -> Path:
    """A release of the index by months: (task, metric, value) of May 2026, and what must not be counted."""
    file = folder / f"aei_{name}_2026-06-26.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(MONTHS)
        may = "2026-05-01", "2026-06-01"
        for task, metric, value in rows:
            table.writerow([*may, place.upper(), place, "onet", 0, metric, value, f"Task {task}.", task])
        table.writerow(["2026-04-01", "2026-05-01", "GLOBAL", "global", "onet", 0, "pct", 3.0, "Of April.", "8830"])
        table.writerow([*may, "USA", "country", "onet", 0, "pct", 3.0, "Of one country.", "8831"])
        table.writerow([*may, "GLOBAL", "global", "onet", 1, "pct", 3.0, "An activity", "4.A.1.a.1.I01.D01"])
        table.writerow([*may, "GLOBAL", "global", "overall", 0, "collaboration_directive_pct", 31.4, "Overall", "-"])
        table.writerow([*may, "GLOBAL", "global", "soc_occupation", 0, "pct", 0.1, "Editors", "27-3041.00"])
    return file


def test_a_release_of_the_index_by_months(tmp_path: Path) -> None:
    """Tasks by their numbers in O*NET, per cents of both products weighted alike, of the last month alone."""
    known = {row["task"]: row for row in store.rows(anthropic_files.NUMBERED)}
    one = [row for row in known.values() if row["code"] == "11-1011"]
    assert {"8823", "8830", "8831"} <= known.keys()
    chat = [("8823", "pct", 0.4), ("8823", "collaboration_directive_pct", 50.0)]
    chat += [("8823", "collaboration_learning_pct", 25.0), ("8823", "collaboration_none_pct", 25.0)]
    chat += [("8823", "collaboration_bucket_automation_pct", 66.67), ("8824", "pct", 0.0)]
    chat += [("8824", "collaboration_validation_pct", 100.0), ("8825", "pct", 1.0)]
    api = [("8823", "pct", 0.2), ("8823", "collaboration_feedback_loop_pct", 100.0)]
    update([str(months(tmp_path, chat)), str(months(tmp_path, api, "1p_api"))])
    found = {row["code"]: row for row in store.rows("studies")}["11-1011"]
    seen = sum(float(known[task]["weight"]) for task in ("8823", "8824", "8825"))
    assert float(found["anthropic_coverage"]) == pytest.approx(seen / sum(float(r["weight"]) for r in one), abs=1e-4)
    assert anthropic_keys() == {"onet_30_1_task_statements.tsv"}
    whole = 0.4 * 0.5 + 0.2  # of what could be classified; 0.00 stands for anything up to 0.005
    assert float(found["anthropic_automation"]) == pytest.approx(whole / (0.4 * 0.75 + 0.2 + 0.0025), abs=1e-4)
    source = store.sources()["anthropic"]
    assert (source.period, source.title) == (
        "2026-05",
        "Anthropic Economic Index, conversations of 2026-05 (Claude.ai; 1P API)",
    )


def anthropic_keys() -> set[str]:
    """By what the tasks of the index are known, as the table names it."""
    return store.raw_files("studies").keys() & set(KEYS.values())


def test_forms_of_the_index_are_not_mixed(tmp_path: Path) -> None:
    files = [months(tmp_path, [("8823", "pct", 1.0)]), index(tmp_path, [("a", "none", 1.0)], month="2026-05")]
    with using("en"), pytest.raises(ZaohuaError, match="nothing was changed"):
        update(list(map(str, files)))
    assert not store.updated_folder().exists()


def test_updates_of_several_publishers_stay_side_by_side(tmp_path: Path, shared_data: Path) -> None:
    update([str(workbook(tmp_path, 2025))])
    with gzip.open(shared_data / "careers" / f"{TABULATED}.gz", "rt", encoding="utf-8", newline="") as text:
        tasks = [row["task_name"] for row in csv.DictReader(text)][:50]
    update([str(index(tmp_path, [(task, "directive", 1.0) for task in tasks]))])
    assert outlook.years() == (2025, 2035)
    assert store.sources()["anthropic"].period == "2026-02"
    assert {"projections.csv.gz", "studies.csv.gz"} <= {file.name for file in store.updated_folder().rglob("*")}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n1,2\n",
        b"\x00\xff" * 50,
        b"PK\x03\x04 no workbook",
        ",".join(INDEX).encode() + b"\nGLOBAL,global,x,y,z,onet_task,0,onet_task_count,a,1\n",
        ",".join(INDEX).encode() + b"\nGLOBAL,global,x,y,z,f,0,onet_task_collaboration_count,a::none,many\n",
        ",".join(INDEX).encode() + b"\nGLOBAL,global,x,2026-02-12,z,f,0,onet_task_collaboration_count,a::none,nan\n",
        ",".join(INDEX).encode() + b"\nGLOBAL,global,x,2026-02-12,z,f,0,onet_task_collaboration_count,zz::none,5\n",
        ",".join(INDEX).encode() + b"\nGLOBAL,global\n\xff\xfe",
        ",".join(MONTHS).encode(),
        ",".join(MONTHS).encode() + b"\n2026-05-01,2026-06-01,GLOBAL,global,onet,0,pct,inf,a,8823\n",
        ",".join(MONTHS).encode() + b"\n2026-05-01,2026-06-01,GLOBAL,global,onet,0,pct,1.0,a,unknown\n",
        ",".join(MONTHS).encode() + b"\n2026-05-01,2026-06-01,GLOBAL,global,onet,0,pct\n",
        ",".join(MONTHS).encode() + b"\nMay,June,GLOBAL,global,onet,0,pct,1.0,a,8823\n",
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_anything_else_is_one_line(
    content: bytes, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "release").write_bytes(content)
    assert run(["careers", "update", "--from", str(tmp_path / "release"), "--lang", language]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.strip().splitlines()) == 1
    assert not store.updated_folder().exists()


def test_places_are_not_mixed(tmp_path: Path) -> None:
    (tmp_path / "db_31_0_text.zip").write_bytes(b"PK")
    file = workbook(tmp_path)
    for places in ([str(file), str(tmp_path)], [str(tmp_path), str(tmp_path)], [str(file), str(file)]):
        with using("en"), pytest.raises(ZaohuaError, match="--from"):
            update(places)


class Publishers(BaseHTTPRequestHandler):
    """All of them on this machine. kept: bytes by path, with its query."""

    kept: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        content = self.kept.get(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """What the publishers have: projections, the wages of a year ago, releases of the index, the last in a form that
    nobody knows, the one before by months, no O*NET."""
    tasks = [("8823", "pct", 5.0), ("8823", "collaboration_directive_pct", 100.0)]
    year = datetime.now(UTC).year - 2
    tree = f"/api/{publishers._INDEX}/tree/main"
    files = f"/{publishers._INDEX}/resolve/main/release_2026_06_26/data"
    listed = [{"path": "README.md"}, {"path": "release_2025_09_15"}, {"path": "release_2026_06_26"}]
    listed.append({"path": "release_2026_12_01"})
    chat, api = months(tmp_path, tasks), months(tmp_path, tasks, "1p_api")
    inside = [{"path": f"release_2026_06_26/data/{name}"} for name in ("x.md", chat.name, api.name)]
    Publishers.kept = {
        "/emp/ind-occ-matrix/occupation.xlsx": workbook(tmp_path, 2025).read_bytes(),
        f"/oes/special-requests/oesm{year % 100}nat.zip": wages(tmp_path, packed=True).read_bytes(),
        tree: json.dumps(listed).encode(),
        f"{tree}/release_2026_12_01?recursive=true": json.dumps([{"path": "release_2026_12_01/other.csv"}]).encode(),
        f"{tree}/release_2026_06_26?recursive=true": json.dumps(inside).encode(),
        f"{files}/{chat.name}": chat.read_bytes(),
        f"{files}/{api.name}": api.read_bytes(),
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), Publishers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}"
        for module, name in ((publishers, "BLS"), (publishers, "HUB"), (onet, "LIST"), (onet, "PLACE")):
            monkeypatch.setattr(module, name, here)
        yield Publishers.kept
        server.shutdown()


def test_the_newest_of_every_publisher(served: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    """Of wages the year that is out; of the index both products; what cannot be had is said and hinders nothing."""
    assert run(["careers", "update", "--lang", "en"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Stays as it was: database.html could not be fetched" in said
    assert outlook.years() == (2025, 2035)
    assert outlook.year_of_wages() == 2025
    assert store.sources()["anthropic"].period == "2026-05"
    kept = tomllib.loads((store.updated_folder() / "tables" / PROVENANCE).read_text(encoding="utf-8"))
    assert len(kept["anthropic"]["files"]) == 2
    for entry in kept.values():
        for file in entry["files"]:
            assert file["sha256"] == sha256(served[urlsplit(file["place"]).path])


@pytest.mark.parametrize("tree", [b"<html>", b'{"error": 1}', b'[{"path": "release_2026_06_26"}]'])
def test_a_hub_that_says_something_else(served: dict[str, bytes], tree: bytes) -> None:
    served[f"/api/{publishers._INDEX}/tree/main"] = tree
    served.pop(f"/api/{publishers._INDEX}/tree/main/release_2026_06_26?recursive=true")
    done = update()
    assert len(done.releases) == 2
    assert len(done.failed) == 2
    assert not any("\n" in reason for reason in done.failed)


def test_no_publisher_to_be_had_is_one_line(served: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    served.clear()
    assert run(["careers", "update", "--lang", "zh"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not store.updated_folder().exists()
