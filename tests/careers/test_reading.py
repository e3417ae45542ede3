"""What a reader trips over: names that cover each other, broken words, unnamed columns, half-told comparisons."""

import re
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from zaohua.careers import emerging, store
from zaohua.careers.exposure import page as assessed
from zaohua.careers.exposure import sentences
from zaohua.careers.exposure.assess import assess
from zaohua.careers.finding.aliases import own_lines
from zaohua.careers.finding.find import find
from zaohua.careers.names import element, in_language
from zaohua.careers.occupations import occupations
from zaohua.careers.pages import labels, page, parts
from zaohua.careers.pages.section import Page, number
from zaohua.careers.profile import profile
from zaohua.careers.skills import elements
from zaohua.cli import run
from zaohua.cli.columns import pieces, widths, wrapped
from zaohua.errors import ZaohuaError
from zaohua.i18n import LANGUAGES, t, using

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def compared() -> Page:
    return page.compare([profile(code) for code in ("27-1024", "13-2011", "41-2011")])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_of_figures_has_a_name(language: str) -> None:
    with using(language):
        shown = [page.new_work(), compared(), page.show(profile("27-1024")), page.transitions(profile("cashier"))]
        for part in (part for one in shown for part in one.sections if part.table):
            assert all(part.table.head[1:]), part.title


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_comparison_names_pay_on_every_way_and_asks_the_question_it_answers(language: str) -> None:
    with using(language):
        shown = compared()
        titles = [part.title for part in shown.sections]
        assert t("careers.section_honest") in titles
        ways = [part for part in shown.sections if "levels" in part.tables]
        assert len(ways) == 4
        for part in ways:
            assert re.search(r"\d\d,\d{3}.*\d\d,\d{3}.*\d+%", part.sentences[0]), part.title
        said = " ".join(sentence for part in shown.sections for sentence in part.sentences)
        assert said.count(t("careers.raters_differ", people=61, model=36)) == 1
        first = shown.sections[0].table
        assert first is not None
        assert re.fullmatch(r"47% ?.36.58%.", first.rows[0][1])
        if language == "zh":
            assert not [text for text in shown.sentences() if re.search(r"[\u4e00-\u9fff][.,;]( |$)", text)]


def test_knowledge_is_told_from_skills_of_the_same_name() -> None:
    for language in LANGUAGES:
        with using(language):
            names = [element(one) for one in elements()]
            assert len(set(names)) == len(names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_new_work_can_be_read_in_its_language(language: str) -> None:
    with using(language):
        announced = page.new_work().sections[0]
        assert announced.table is not None
        letters = re.compile(r"[a-z]{2}") if language == "en" else CHINESE
        assert all(letters.search(row[0]) for row in announced.table.rows)
        assert t("careers.announced_nearest") in announced.sentences


def test_every_announced_occupation_is_read_once_and_stands_for_a_real_one() -> None:
    read = own_lines("new_in_china.psv")
    assert sorted(name for name, _, _ in read) == sorted(row["name"] for row in store.rows("new_in_china"))
    assert {soc for _, _, soc in read} - {""} <= set(occupations())
    nearest = {each.name: each.soc for each in emerging.announced()}
    assert nearest["碳汇计量评估师"] == ""  # the crosswalk's group leads to water works
    assert nearest["网约配送员"] == "43-5021"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_way_on_begins_with_where_one_is(language: str) -> None:
    with using(language):
        shown = page.transitions(profile("cashier"))
        here = next(part.sentences[1] for part in shown.sections if part.title == t("careers.section_next"))
        assert "−9.9%" in here
        assert "31,190" in here


def test_a_minus_is_no_hyphen() -> None:
    assert number(-9.9, 1, sign=True) == "−9.9"
    assert number(9.9, 1, sign=True) == "+9.9"


def test_what_is_our_model_names_the_labels_it_was_fitted_on() -> None:
    with using("en"):
        for shown in (page.show(profile("27-1024")), compared(), page.transitions(profile("cashier"))):
            sources = " ".join(shown.sections[-1].lines)
            assert "GPTs are GPTs" in sources
            assert "exposure model and its project labels" in sources


def test_sources_are_told_in_chinese_where_the_words_are_ours() -> None:
    with using("zh"):
        lines = page.new_work().sections[-1].lines
    assert not [line for line in lines if re.search(r"public domain|compiled here|facts", line)]


@pytest.mark.parametrize("asked", ["teacher", "老师"])
def test_a_name_of_several_occupations_is_not_called_sure(asked: str) -> None:
    found = find(asked)
    assert not found.sure
    assert found.others
    for language in LANGUAGES:
        with using(language):
            assert occupations()[found.others[0].code].title in parts.how_found(found)


def test_a_name_of_several_occupations_counts_by_their_people() -> None:
    found = find("teacher")
    assert found.confidence > found.others[0].confidence > 0.05


def test_codes_are_found_as_the_pages_print_them() -> None:
    shown = page.new_work().sections[0].table
    assert shown is not None
    printed = next(row[3] for row in shown.rows if "网约配送员" in row[0])
    assert find(printed).code == "43-5021"
    assert find("27\u20111024").code == "27-1024"


@pytest.mark.parametrize("asked", ["housewife", "student", "家庭主妇"])
def test_what_is_no_occupation_is_not_taken_for_one(asked: str) -> None:
    with pytest.raises(ZaohuaError):
        find(asked)


def test_titles_of_activities_are_told_in_the_language_of_the_page() -> None:
    english, chinese = "Manage budgets or finances", "管理预算或财务"
    for title in (english, chinese):
        with using("zh"):
            assert in_language(title) == chinese
        with using("en"):
            assert in_language(title) == english
    assert in_language("none of them") == "none of them"


points = st.lists(st.tuples(st.floats(0, 1), st.floats(-50, 50)), min_size=1, max_size=12)


@given(points)
def test_every_point_has_a_place_for_its_name(spots: list[tuple[float, float]]) -> None:
    names = [f"occupation {number}" for number in range(len(spots))]
    found = labels.places([x for x, _ in spots], [y for _, y in spots], names, 300)
    assert len(found) == len(spots)
    assert set(found) <= set(labels.PLACES)


def test_names_of_near_points_do_not_cover_each_other() -> None:
    xs, ys, names = [0.5, 0.51, 0.0, 1.0], [0.0, 0.5, -20.0, 20.0], ["Receptionists", "Pharmacy aides", "a", "b"]
    found = labels.places(xs, ys, names, 340)
    across = [560 * x for x in xs]
    down = [(20 - y) / 40 * 340 for y in ys]
    boxes = [labels._box(*spot, name, place) for *spot, name, place in zip(across, down, names, found, strict=True)]
    assert all(labels._shared(one, other) == 0 for one, other in combinations(boxes, 2))


@given(st.text("ab，c。 中文（）(x", max_size=60), st.integers(4, 30))
def test_texts_break_between_words_and_lose_nothing(text: str, width: int) -> None:
    lines = wrapped(text, width).split("\n")
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert cell_len(line) <= width or len(pieces(line)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_fit_a_narrow_screen_with_whole_words(language: str) -> None:
    with using(language):
        part = next(
            part for part in page.transitions(profile("cashier")).sections if part.title == t("careers.section_next")
        )
    assert part.table is not None
    rows = [part.table.head, *part.table.rows]
    found = widths(rows, 62)
    assert sum(found) <= 62
    for place, wide in enumerate(found):
        assert all(cell_len(piece.strip()) <= wide for row in rows for piece in pieces(row[place])), part.table.head[
            place
        ]
    assert widths(rows, 500) == [max(cell_len(row[place]) for row in rows) for place in range(len(found))]


def test_an_assessment_tells_what_is_published_of_the_occupation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "job.txt"
    file.write_text(
        "Record patients' medical information and vital signs.\n"
        "Administer medications to patients and monitor for reactions or side effects.\n"
        "Maintain accurate, detailed reports and records.\n"
        "Consult and coordinate with doctors to assess, plan and implement patient care plans.\n"
        "Prepare patients for examinations and treatments.\n"
        "Instruct patients and families on topics such as childbirth or disease prevention.\n"
    )
    for language, words in (
        ("en", ("What is published of Registered nurses", "Median 93,600", "Within reach", "Complementarity")),
        ("zh", ("已发表的资料：注册护士", "93,600", "够得着的职业", "互补性")),
    ):
        assert run(["careers", "assess", str(file), "--lang", language]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert all(word in shown for word in words)
        assert "E0" not in shown
        assert "GPTs are GPTs" in shown.rsplit("Where the numbers" if language == "en" else "数字从哪里来")[-1]
    file.write_text("Juggle burning torches on a tightrope.\nSing to whales about philately.\n")
    assert run(["careers", "assess", str(file), "--lang", "en"]) == 0
    assert "No occupation has half of these duties" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("words", "part"),
    [(["report", "no.csv"], "no.csv"), (["report", "."], "."), (["assess", "."], "."), (["assess", ""], "")],
)
def test_what_is_not_there_is_called_so(
    words: list[str], part: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["careers", *words, "--lang", language]) == 1
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1
    assert part in error
    assert "UTF-8" not in error


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_that_an_update_has_brought_stand_beside_the_duties(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentences, "here", lambda: True)
    monkeypatch.setattr(sentences, "nearest", lambda texts, most: [(("Draw posters (Designers)", 0.9),)] * len(texts))
    monkeypatch.setattr(assessed, "sources", lambda sections: sections[0])  # no table of sentences is there to name
    with using(language):
        duties = assessed.page(assess(["Draw posters for concerts"])).sections[1]
        assert duties.table is not None
        assert duties.table.rows[0][-1] == "Draw posters (Designers)"
        assert t("exposure.near_mean_tasks") in duties.notes


def test_one_industry_is_one() -> None:
    with using("en"):
        lines = parts.employment("29-1141").lines
    assert any("in one industry" in line for line in lines)
    assert not any("in 1 " in line for line in lines)
