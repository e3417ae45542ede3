"""The shipped tables: every row has a source, every code exists, no sentence of a publisher's is in them."""

import gzip
import hashlib
import tomllib
from pathlib import Path

import pytest

from zaohua.careers import store
from zaohua.careers.building.write import BUILT, TABLES, build
from zaohua.careers.finding.aliases import chinese_aliases, chinese_titles, own_lines
from zaohua.careers.occupations import occupations

SHIPPED = (*TABLES, "activity_scores")
MADE = tomllib.loads(store.shipped_folder().joinpath(BUILT).read_text(encoding="utf-8"))


@pytest.mark.parametrize("table", SHIPPED)
def test_every_table_says_where_it_is_from(table: str) -> None:
    content = store.shipped_folder().joinpath(f"{table}.csv.gz").read_bytes()
    assert MADE[table]["sha256"] == hashlib.sha256(content).hexdigest()
    assert MADE[table]["rows"] == len(store.rows(table)) > 0
    for source in store.source_of(table):
        assert all([source.publisher, source.title, source.date, source.licence, "." in source.url])


def test_nothing_is_shipped_that_states_no_licence() -> None:
    raw = {name for entry in MADE.values() for name in entry["from"]}
    assert not [name for name in raw if any(word in name for word in ("aioe", "aiie", "webb", "karpathy", "nesta"))]
    named = {source.id for table in TABLES for source in store.source_of(table)}
    assert named <= store.sources().keys()


@pytest.mark.parametrize("table", SHIPPED)
def test_no_sentence_is_shipped(table: str) -> None:
    cells = [cell for row in store.rows(table) for cell in row.values()]
    assert max(map(len, cells)) <= 130
    assert not [cell for cell in cells if cell.endswith((".", "。")) and len(cell.split()) > 4]


@pytest.mark.parametrize("table", [name for name in TABLES if name not in ("elements", "activity_titles", "csco")])
def test_codes_exist(table: str) -> None:
    entries = {row["code"] for row in store.rows("csco")}
    for row in store.rows(table):
        for column in ("code", "other", "soc"):
            code = row.get(column)
            if code:
                known = entries if table in ("postings", "new_in_china") else occupations()
                assert code in known or table == "new_in_china", row


def test_our_own_names_are_whole_and_unambiguous() -> None:
    assert chinese_titles().keys() == occupations().keys()
    names = [name for _, title, others in own_lines("titles_zh.psv") for name in {title, *others.split("、")}]
    assert len(names) == len(set(names)) == len(chinese_aliases())
    translated = {identifier for identifier, _ in own_lines("names_zh.psv")}
    assert translated == {row["id"] for name in ("elements", "activity_titles") for row in store.rows(name)}
    detailed = [identifier for identifier, _ in own_lines("activities_zh.psv")]
    assert len(set(detailed)) == len(detailed)
    assert {identifier.rpartition(".")[0] for identifier in detailed} <= translated
    groups = {group: codes.split() for group, codes in own_lines("csco_groups.psv")}
    assert {row["code"][:7] for row in store.rows("csco") if row["level"] == "4"} == groups.keys()
    assert {code for codes in groups.values() for code in codes} <= occupations().keys()


def test_one_script_makes_them_again(shared_data: Path, tmp_path: Path) -> None:
    raw = shared_data / "careers"
    if not raw.is_dir():
        pytest.skip("the publishers' tables are not here")
    build(raw, tmp_path)
    for table in TABLES:
        made, shipped = tmp_path / f"{table}.csv.gz", store.shipped_folder().joinpath(f"{table}.csv.gz")
        assert gzip.decompress(made.read_bytes()) == gzip.decompress(shipped.read_bytes()), table
