"""Staff lists: what is read, what is refused, what is never shown."""

import itertools
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.careers.staff.hours import FEWEST, RATES, TODAY, _parts, staff_report, sum_hours, uptake
from zaohua.careers.staff.page import page
from zaohua.careers.staff.read import FULL_WEEK, Row, read_staff
from zaohua.cli import run
from zaohua.errors import ZaohuaError
from zaohua.i18n import LANGUAGES, using

LIST = """部门,岗位,姓名,人数
财务部,会计,王小明,12
设计部,平面设计师,李小红,7
设计部,囧囧囧,赵无名,6
设计部,дизайнер,钱无名,6
客服部,客服专员,钱某某,3
"""


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "staff.csv"
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    rows = read_staff(written(tmp_path, LIST, encoding))
    assert rows[0] == Row(2, "会计", 12, "财务部", FULL_WEEK)
    assert [row.people for row in rows] == [12, 7, 6, 6, 3]


def test_excel_and_names_a_row(tmp_path: Path) -> None:
    """Without headcounts every line is one person, whoever it is."""
    book = openpyxl.Workbook()
    for line in [("Name", "Job title", "Department"), *[("Jane Roe", "Accountant", "Finance")] * 6]:
        book.active.append(line)
    file = tmp_path / "staff.xlsx"
    book.save(file)
    rows = read_staff(file)
    assert len(rows) == 6
    assert "Jane" not in repr(rows)


BAD = {
    "role,headcount\nclerk,-3\n": "Line 2",
    "role,headcount\nclerk,many\n": "Line 2",
    "role,headcount\nclerk,3\nclerk,3\n": "Lines 2 and 3",
    "role,headcount\n,3\n": "Line 2",
    "role,headcount\nclerk,nan\n": "Line 2",
    "role;headcount\nclerk;1,5,2\n": "Line 2",
    "name,age\nJane,30\n": "no column for the role",
    "role,headcount\n": "no rows",
    "": "no rows",
}


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("language", LANGUAGES)
def test_bad_lists_are_one_line(tmp_path: Path, text: str, language: str) -> None:
    with using(language), pytest.raises(ZaohuaError) as error:
        read_staff(written(tmp_path, text))
    assert "\n" not in str(error.value)
    assert language == "zh" or BAD[text] in str(error.value)


def test_a_title_above_the_heading_and_thousands(tmp_path: Path) -> None:
    rows = read_staff(written(tmp_path, 'Staff 2026\nrole,headcount\nclerk,"1,234"\n'))
    assert [(row.role, row.people) for row in rows] == [("clerk", 1234)]


@pytest.mark.parametrize("damage", ["half", "half a sheet", "far away", "bomb"])
def test_damaged_workbooks_are_one_line(tmp_path: Path, damage: str) -> None:
    file, book = tmp_path / "staff.xlsx", openpyxl.Workbook()
    for line in [("role", "headcount"), ("clerk", 3)]:
        book.active.append(line)
    if damage == "far away":
        book.active["XFD1048576"] = "x"
    book.save(file)
    if damage == "half":
        file.write_bytes(file.read_bytes()[:2000])
    elif damage in ("half a sheet", "bomb"):
        with zipfile.ZipFile(file) as whole:
            members = {name: whole.read(name) for name in whole.namelist()}
        sheet = members["xl/worksheets/sheet1.xml"]
        members["xl/worksheets/sheet1.xml"] = sheet[:-80] if damage == "half a sheet" else sheet + b" " * (40 << 20)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as broken:
            for name, content in members.items():
                broken.writestr(name, content)
    with pytest.raises(ZaohuaError) as error:
        read_staff(file)
    assert "\n" not in str(error.value)


def test_merged_cells_and_formulas(tmp_path: Path) -> None:
    for change, word in (("merge", "A2:A3"), ("formula", "B3")):
        book = openpyxl.Workbook()
        for line in [("role", "headcount"), ("clerk", 3), ("cook", 4)]:
            book.active.append(line)
        if change == "merge":
            book.active.merge_cells("A2:A3")
        else:
            book.active["B3"] = "=B2+1"
        book.save(tmp_path / "staff.xlsx")
        with using("en"), pytest.raises(ZaohuaError, match=word):
            read_staff(tmp_path / "staff.xlsx")


@pytest.mark.parametrize("name", ["staff.csv", "staff.xlsx", "staff.pdf"])
def test_what_is_no_list(tmp_path: Path, name: str) -> None:
    for content in (b"\x00\x01\x02PK" * 50, b"\x81\xff\xfe\x8f\xa0\x90A" * 400):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ZaohuaError) as error:
            read_staff(tmp_path / name)
        assert "\n" not in str(error.value)


def test_nothing_small_is_shown_and_no_name_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, report = written(tmp_path, LIST), tmp_path / "report.html"
    for language in LANGUAGES:
        for extra in (["--html", str(report)], ["--json"]):
            assert run(["careers", "report", str(file), "--lang", language, *extra]) == 0
            shown = capsys.readouterr()
            text = shown.out + shown.err + report.read_text(encoding="utf-8")
            for name in ("王小明", "李小红", "赵无名", "钱无名", "钱某某"):
                assert name not in text
    found = staff_report(read_staff(file), "other")
    assert all(each.people >= FEWEST for each in (*found.roles, *found.groups))
    assert found.total is not None
    assert sum(each.people for each in found.roles) == found.total.people
    assert [row.role for row in found.unmatched] == ["囧囧囧", "дизайнер"]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=8))
def test_what_is_left_out_cannot_be_subtracted(sizes: list[int]) -> None:
    """Shown parts have FEWEST people at least, and together they are all of them, or nothing is shown."""
    placed = staff_report([Row(n, "accountant", size, f"g{n}", 40.0) for n, size in enumerate(sizes)], "other")
    if placed.groups:
        assert all(each.people >= FEWEST for each in placed.groups)
        assert sum(each.people for each in placed.groups) == sum(sizes)


def test_errors_of_one_occupation_add_up() -> None:
    """Twice the people of one occupation: twice the interval. Of two occupations: less than twice."""

    def half(rows: list[Row]) -> float:
        total = staff_report(rows, "other").total
        assert total is not None
        return total.high - total.exposed

    one = [Row(1, "accountant", 10, "", 40.0)]
    same = [*one, Row(2, "accountant", 10, "", 40.0)]
    other = [*one, Row(2, "electrician", 10, "", 40.0)]
    assert half(same) == pytest.approx(2 * half(one))
    assert half(other) < 1.6 * half(one)


def test_scenarios_grow_from_today() -> None:
    for name in RATES:
        assert uptake(name, 0) == pytest.approx(TODAY)
        assert all(uptake(name, a) < uptake(name, b) < 1 for a, b in itertools.pairwise((0, 1, 3, 5, 20)))
    assert uptake("slow", 3) < uptake("central", 3) < uptake("fast", 3)


def test_parts_and_page(tmp_path: Path) -> None:
    assert _parts([], lambda each: "x", "other") == ()
    assert sum_hours("x", []).exposed == 0
    found = staff_report(read_staff(written(tmp_path, "role,headcount\naccountant,3\n")), "other")
    assert found.total is None
    with using("en"):
        assert any("Fewer than 5" in sentence for sentence in page(found).sentences())


def test_large_lists_and_doubtful_rows_are_told_in_full(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, 'role,headcount\nnurse,"2,000,000"\nteacher,8.5\n')
    for language, doubt in (
        (
            "en",
            "“teacher”: matched with doubt (Elementary school teachers, except special education, 25-2021; right",
        ),
        ("zh", "“teacher”：匹配存疑（当作小学教师，25-2021；"),
    ):
        assert run(["careers", "report", str(file), "--lang", language]) == 0
        shown = capsys.readouterr().out
        assert "2,000,000" in shown
        assert "e+06" not in shown
        assert doubt in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_hours_by_occupation_are_drawn_and_their_sources_named(tmp_path: Path, language: str) -> None:
    with using(language):
        shown = page(staff_report(read_staff(written(tmp_path, LIST)), "–"))
        drawn = [part for part in shown.sections if part.chart]
        assert drawn
        assert all("plotly" in part.chart[1]() for part in drawn if part.chart)
        assert "GPTs are GPTs" in " ".join(shown.sections[-1].lines)
        assert any(f"{TODAY:.0%}" in sentence and "2026" in sentence for sentence in shown.sentences())


def test_lists_as_offices_keep_them(tmp_path: Path) -> None:
    """Notes on the first sheet, a title over the heading, sums below, 1,030人; a line a person; 37,5 hours."""
    book = openpyxl.Workbook()
    book.active.append(["本表为 2026 年编制"])
    sheet = book.create_sheet("人员")
    for row in (
        ["人员表"],
        [],
        ["部门", "岗位名称", "编制人数"],
        ["客服部", "客服专员", "1,030人"],
        ["合计", "", 1030],
    ):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    assert [(row.line, row.role, row.people) for row in read_staff(tmp_path / "a.xlsx")] == [(4, "客服专员", 1030)]
    (tmp_path / "b.csv").write_text("Employee,Job Title,FTE\nA,Porter,0.5\nB,Porter,0.5\nC,Porter,1\nTotal,,2\n")
    assert [row.people for row in read_staff(tmp_path / "b.csv")] == [0.5, 0.5, 1]
    (tmp_path / "c.csv").write_text("Position;Headcount;Hours per week\nClerk;12;37,5\nTotal;12;\n")
    assert [(row.people, row.hours) for row in read_staff(tmp_path / "c.csv")] == [(12, 37.5)]
