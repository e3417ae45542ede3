"""Every sentence the pages can print, in both languages: no doom, no false certainty, no advice that ignores pay."""

import re

import pytest

from zaohua.careers.finding.find import Found
from zaohua.careers.occupations import occupations
from zaohua.careers.pages import page
from zaohua.careers.pages.section import Page
from zaohua.careers.profile import Profile, profile
from zaohua.careers.transitions import reachable
from zaohua.i18n import LANGUAGES, catalogue, t, using

SOME = [*sorted(occupations())[::9], "27-1024", "43-9021", "45-3031", "27-2011", "29-1211", "15-1252", "41-2011"]
FORBIDDEN = {
    "en": r"disappear|vanish|doomed?\b|extinct|obsolete|wiped? out|wiping out|replaced by (ai|machines|robots)|"
    r"(ai|machines|robots) will (take|replace|do)|will (lose|be lost|be gone|certainly|definitely|never|always)|"
    r"\bguarantee|safe from ai|future[- ]proof|no longer be needed|at risk of (losing|being)|you should\b|you must\b|"
    r"\bmust (learn|retrain|leave|quit)|\bquit\b|redundan|lay-?offs?|laid off|job loss",
    "zh": r"消失|淘汰|灭绝|末日|失业|裁员|被取代|取代人|将被.{0,6}代替|必将|必然|一定会|"
    r"肯定会|绝对|保证你|铁饭碗|永远不会|不可替代|高危|危险职业|你(必须|应该)|您(必须|应该)|必须(学|转行|离开)|辞职|放弃",
}


def pages() -> list[Page]:
    shown = [page.new_work()]
    profiles = [profile(code) for code in SOME]
    shown += [page.show(each) for each in profiles]
    shown += [page.transitions(each) for each in profiles[::5]]
    shown += [page.compare(profiles[:3])]
    unsure = [Found("x", "27-1024", how, 0.5, csco=csco) for how, csco in (("near", ""), ("classification", "设计师"))]
    shown += [page.show(Profile(each, occupations()["27-1024"], (), 3.0)) for each in unsure]
    shown += [page.transitions(profile("27-1024", 3.0))]
    return shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_of_the_catalogue(language: str) -> None:
    for area in ("careers", "exposure", "staff"):
        for name, message in catalogue(language, area).items():
            assert not re.search(FORBIDDEN[language], message, re.IGNORECASE), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page(language: str) -> None:
    with using(language):
        for shown in pages():
            for sentence in shown.sentences():
                assert not re.search(FORBIDDEN[language], sentence, re.IGNORECASE), sentence
                assert "{" not in sentence
                assert not re.search(r"\bnan\b|\bNone\b|careers\.", sentence), sentence
            assert t("careers.construct") in shown.lead
            assert {t("careers.us_figures"), t("careers.mixed_figures")} & set(shown.lead)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_advice_without_pay(language: str) -> None:
    with using(language):
        for code in SOME:
            one = profile(code)
            sections = {part.title: part for part in page.show(one).sections}
            assert t("careers.learn_pay") in sections[t("careers.section_learn")].lines
            assert t("careers.section_wages", year=2024) in sections
            reach = sections[t("careers.section_next")]
            if reach.table:
                assert t("careers.pay") in reach.table.head
                assert len(reach.table.rows) == len(one.reachable) > 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_founding_question_is_answered(language: str) -> None:
    with using(language):
        answer = [part for part in page.show(profile("27-1024")).sections if part.title == t("careers.section_honest")]
        assert "0.17" in answer[0].sentences[0]
        assert "−0.39" in answer[0].sentences[0]


def test_chinese_pages_are_chinese() -> None:
    """Both languages are equals: names of occupations, skills and activities are there in Chinese."""
    with using("zh"):
        shown = page.show(profile("27-1024"))
    english = [
        text
        for part in shown.sections[:-1]
        for text in [part.title, *part.sentences, *part.notes]
        if not re.search(r"[\u4e00-\u9fff]", text)
    ]
    assert english == []
    with using("zh"):
        rows = [row[0] for part in shown.sections if part.table for row in part.table.rows]
    assert all(re.search(r"[\u4e00-\u9fff]", name) for name in rows)


def test_the_front_holds_for_the_whole_sample() -> None:
    assert sum(bool(reachable(code)) for code in SOME) > len(SOME) * 0.8
