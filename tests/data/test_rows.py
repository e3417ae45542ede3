"""Tables by the row: fields, lines, and what is said of bad ones."""

import csv
import gzip
import io

import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.report import SourceReport
from zaohua.data.rows import read_rows
from zaohua.errors import UsageError, ZaohuaError

FIELDS = {"data.text": "text", "data.label": "label"}


def rows(source: str, fields: dict[str, str] = FIELDS) -> list[tuple[str, ...]]:
    return [row.values for row in read_rows([source], fields, SourceReport())]


def places(source: str, fields: dict[str, str] = FIELDS) -> list[str]:
    return [row.where for row in read_rows([source], fields, SourceReport())]


CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters='\n",'), min_size=1).filter(str.strip)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_what_csv_writes_is_read(tmp_path_factory, table):
    written = io.StringIO()
    csv.writer(written).writerows([("text", "label"), *table])
    path = tmp_path_factory.mktemp("rows") / "table.csv"
    path.write_text("﻿" + written.getvalue(), encoding="utf-8", newline="")
    assert rows(f"csv:{path}") == table


def test_every_form_gives_the_same(tmp_path):
    table = [("一 场 比赛", "sports"), ("shares fell", "business")]
    lines = "".join(f'{{"text": "{text}", "label": "{label}", "more": 1}}\n' for text, label in table)
    (tmp_path / "a.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "b.json").write_text("[" + ",".join(lines.splitlines()) + "]", encoding="utf-8")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "d.tsv").write_text("label\ttext\n" + "".join(f"{b}\t{a}\n" for a, b in table), encoding="utf-8")
    polars.DataFrame(table, schema=["text", "label"], orient="row").write_parquet(tmp_path / "e.parquet")
    (tmp_path / "f.csv").write_bytes("".join(f"{a},{b}\r\n" for a, b in [("text", "label"), *table]).encode("gb18030"))
    for file in tmp_path.iterdir():
        assert rows(f"file:{file}") == table, file.name
    assert rows(f"folder:{tmp_path}") == table * 6
    assert rows(f"jsonl:{tmp_path / 'a.jsonl'}", {"x": "label,text"})[0] == ("sports\n一 场 比赛",)


def test_a_table_without_header_by_numbers_and_quotes_in_a_tab_separated_one(tmp_path):
    (tmp_path / "a.txt").write_text('"He said\t3\n"Yes" and no\t4\n', encoding="utf-8")
    assert rows(f"csv:{tmp_path / 'a.txt'}", {"text": "1", "label": "2"}) == [('"He said', "3"), ('"Yes" and no', "4")]


def test_rows_are_named_by_their_first_line(tmp_path):
    (tmp_path / "a.csv").write_text('text,label\n"two\nlines",x\n\nafter,y\n', encoding="utf-8")
    assert places(f"csv:{tmp_path / 'a.csv'}") == ["a.csv:2", "a.csv:5"]
    (tmp_path / "a.jsonl").write_text('\n{"text": "a", "label": 1}\n', encoding="utf-8")
    assert places(f"jsonl:{tmp_path / 'a.jsonl'}") == ["a.jsonl:2"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "text,class\na,b\n", r"a\.csv:2: there is no column label.*data\.label.*text, class"),
        ("a.csv", "text,label\na,b\nonly\n", r"a\.csv:3: there is no column label"),
        ("a.jsonl", '{"text": "a", "label": "b"}\n{"text": "a"}\n', r"a\.jsonl:2: there is no column label"),
        ("a.jsonl", '{"text": "a", "label": "b"}\n{"text":\n', r"a\.jsonl:2 is not JSON"),
        ("a.jsonl", '"text"\n', r"a\.jsonl:1 is no JSON object"),
        ("a.json", "[1", r"a\.json:1 is not JSON"),
        ("a.csv", "", "empty"),
        ("a.csv", "\0\1\2", "not text"),
        ("a.parquet", "PAR1 and no more", "damaged"),
        ("a.csv.gz", "no gzip", "cannot be read"),
    ],
)
def test_a_bad_table_is_one_line(tmp_path, name, content, says):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ZaohuaError, match=says) as caught:
        rows(f"file:{path}")
    assert "\n" not in str(caught.value)


def test_sources_without_columns_are_refused():
    for source in ("builtin:sayings", "zip:a.zip"):
        with pytest.raises(UsageError, match="no table"):
            rows(source)
