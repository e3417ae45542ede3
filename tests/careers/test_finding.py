"""Every title finds its occupation, errors of typing are forgiven, doubt is said, and the measured bars hold."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.careers import store
from zaohua.careers.finding import text
from zaohua.careers.finding.aliases import chinese_aliases, english_aliases
from zaohua.careers.finding.chinese import ChineseTitles
from zaohua.careers.finding.english import EnglishTitles, english_titles
from zaohua.careers.finding.find import find
from zaohua.careers.occupations import occupations
from zaohua.careers.outlook import outlooks
from zaohua.errors import ZaohuaError
from zaohua.i18n import using

TITLES = [(one.code, one.title_en) for one in occupations().values()]


def test_every_title_and_code_finds_its_occupation() -> None:
    for one in occupations().values():
        assert find(one.title_en).code == one.code
        assert find(one.title_zh).code == one.code
        assert find(one.code).code == one.code
        for member in one.members:
            assert find(member).code == one.code


def test_english_names_of_ours_are_new_and_lead_somewhere() -> None:
    for name, code in english_aliases().items():
        assert code in occupations()
        assert find(name).code == code
        assert name == name.casefold()


def test_the_largest_of_several_comes_first() -> None:
    """A name that many occupations have means the one with the most people, as sure as their part of all is large."""
    found = find("driver")
    assert found.code == "53-3032"
    codes = english_titles().exact("driver")
    people = {code: outlooks()[code].employment for code in codes}
    assert found.confidence == pytest.approx(people["53-3032"] / sum(people.values()), abs=0.005)
    assert found.confidence < 0.7
    assert found.others


def test_every_name_of_ours_finds_its_occupation() -> None:
    for name, code in chinese_aliases().items():
        assert find(name).code == code, name


@settings(max_examples=60)
@given(st.sampled_from([pair for pair in TITLES if len(pair[1]) > 7]), st.data())
def test_one_wrong_letter_is_forgiven(one: tuple[str, str], data: st.DataObject) -> None:
    code, title = one
    place = data.draw(st.integers(1, len(title) - 2))
    letter = data.draw(st.sampled_from("aeinrst"))
    change = data.draw(st.sampled_from(["lost", "doubled", "swapped", "other"]))
    wrong = {
        "lost": title[:place] + title[place + 1 :],
        "doubled": title[:place] + title[place] + title[place:],
        "swapped": title[:place] + title[place + 1] + title[place] + title[place + 2 :],
        "other": title[:place] + letter + title[place + 1 :],
    }[change]
    assert code in [found for found, _ in english_titles().rank(wrong, 5)]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("graphic designer", "27-1024"),
        ("GRAPHIC  DESIGNERS", "27-1024"),
        ("grafic desiner", "27-1024"),
        ("27-1024.00", "27-1024"),
        ("271024", "27-1024"),
        ("２７-１０２４", "27-1024"),
        ("（平面设计师）", "27-1024"),
        ("13-1022", "13-1020"),
        ("平面设计师", "27-1024"),
        ("资深平面设计师（北京）", "27-1024"),
        ("2-10-02-01", "27-3041"),
        ("网约配送员", "43-5021"),
        ("外卖骑手", "43-5021"),
        ("短视频剪辑师", "27-4032"),
        ("程序员", "15-1251"),
    ],
)
def test_what_people_write(asked: str, code: str) -> None:
    assert find(asked).code == code


def test_doubt_is_said() -> None:
    assert find("graphic designer").sure
    unsure = find("programer")
    assert not unsure.sure
    assert unsure.others
    carried = find("电商带货助播")
    assert not carried.sure
    assert all(0 < found.confidence <= 1 for found in (unsure, carried))


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "   ",
        "!!!",
        "x" * 500,
        "quantum flibber",
        "99-9999",
        "55-1011",
        "9-99-99-99",
        "囧囧囧囧",
        "дизайнер",
        "デザイナー",
        "（）",
        "【】",
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_no_occupation_is_one_line(asked: str, language: str) -> None:
    with using(language), pytest.raises(ZaohuaError) as error:
        find(asked)
    assert "\n" not in str(error.value)


def test_an_unknown_title_names_the_nearest() -> None:
    with using("en"), pytest.raises(ZaohuaError, match=r"Nearest: .+ \(\d\d-\d{4}\), .+ \(\d\d-\d{4}\)"):
        find("quantum flibber")


def test_unseen_english_synonyms() -> None:
    """BLS's synonyms that O*NET does not have, from O*NET's titles alone: at least .78 at the first place."""
    rows = [(row["code"], row["title"], row["source"]) for row in store.rows("titles")]
    titles = EnglishTitles(row for row in rows if row[2] != "s")
    asked = [(code, title) for code, title, source in rows if source == "s" and not titles.exact(title)]
    right = [titles.rank(title, 1)[0][0] == code for code, title in asked]
    assert len(right) > 700
    assert np.mean(right) >= 0.78


def test_unseen_chinese_titles() -> None:
    """A fifth of the coded postings, no title of which was learned from: at least .45 at the exact entry."""
    names = [(row["code"], row["name"]) for row in store.rows("csco")]
    postings = [(row["title"], row["code"]) for row in store.rows("postings")]
    held = [int(hashlib.md5(text.chinese(title).encode()).hexdigest(), 16) % 5 == 0 for title, _ in postings]
    titles = ChineseTitles(names, [pair for pair, out in zip(postings, held, strict=True) if not out])
    asked = [pair for pair, out in zip(postings, held, strict=True) if out]
    right = [titles.rank(title, 1)[0][0] == code for title, code in asked]
    assert len(right) > 1000
    assert np.mean(right) >= 0.45


def test_a_title_is_found_though_all_its_rare_runs_are_torn() -> None:
    """Sixty titles of engineers share more runs with it than its own does."""
    assert english_titles().rank("Shpi engineers", 1)[0][0] == "53-5031"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("lorry driver", "53-3032"),
        ("Care assistant", "31-1120"),
        ("call centre agent", "43-4051"),
        ("singer", "27-2042"),
        ("plasterer", "47-2161"),
        ("proofreader", "43-9081"),
        ("butchers", "51-3021"),
    ],
)
def test_names_of_other_countries_and_of_a_title_s_parts(asked: str, code: str) -> None:
    found = find(asked)
    assert found.code == code
    assert found.sure


@pytest.mark.parametrize(
    "asked", ["engineer", "teacher", "fitter", "miner", "technician", "special education teacher", "history teacher"]
)
def test_a_part_of_a_longer_name_is_not_sure(asked: str) -> None:
    assert not find(asked).sure


@pytest.mark.parametrize("asked", ["soldier", "军人"])
def test_soldiers_are_told_of(asked: str) -> None:
    with using("en"), pytest.raises(ZaohuaError, match="military"):
        find(asked)
