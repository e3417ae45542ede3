"""The shipped model: what it says to known kinds of work, in both languages, and what must not change it."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.careers.exposure import model as models
from zaohua.careers.exposure import of_duties, of_occupation
from zaohua.careers.exposure.assess import assess
from zaohua.careers.exposure.duties import duties
from zaohua.careers.exposure.labels import KINDS
from zaohua.careers.exposure.learning import CLASSES
from zaohua.careers.exposure.levels import LEVEL_NAMES, levels, mean_levels
from zaohua.careers.exposure.matching import matcher
from zaohua.careers.exposure.page import page
from zaohua.careers.exposure.sources import csco_tasks, labelled_tasks
from zaohua.i18n import LANGUAGES, catalogue, t, using

DESK = ["Write reports for the management", "Translate letters", "Enter data into spreadsheets"]
HANDS = ["Weld steel plates", "Carry bricks to masons", "Repair brakes of trucks"]
DESK_ZH, HANDS_ZH = ["撰写工作报告", "翻译外文资料", "统计分析数据"], ["焊接钢板", "搬运砖块", "维修汽车制动器"]


@pytest.mark.parametrize(("desk", "hands"), [(DESK, HANDS), (DESK_ZH, HANDS_ZH)])
def test_desks_and_hands(desk: list[str], hands: list[str]) -> None:
    for one, other in itertools.product(of_duties(desk), of_duties(hands)):
        assert one.share > other.share + 0.15
        assert one.level == "likely"
        assert other.level == "unlikely"


def test_chinese_idiom() -> None:
    """A courier who takes orders on the net is no desk worker, whatever his name is made of."""
    couriers = ["接收、验视网络客户订单", "规划配送路线，驾驶电动车送餐", "把物品当面交给客户"]
    clerks = ["编写会议纪要", "整理归档文件资料", "编制财务报表"]
    assert assess(couriers).share + 0.08 < assess(clerks).share


def test_the_classification_ranks_couriers_low(shared_data: Path) -> None:
    tasks = csco_tasks(shared_data / "careers")
    share = np.array([each.share for each in of_duties([task.text for task in tasks], "zh")])
    codes = np.array([task.code for task in tasks])
    means = {code: share[codes == code].mean() for code in set(codes)}
    courier = means[next(task.code for task in tasks if task.occupation == "网约配送员")]
    assert np.mean([mean < courier for mean in means.values()]) < 0.7


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Draw illustrations for books and magazines", "image"),
        ("Transcribe recorded speech of doctors", "audio"),
        ("绘制插画和海报", "image"),
        ("Write scripts and articles", "text"),
    ],
)
def test_kinds_of_content(text: str, kind: str) -> None:
    kinds = of_duties([text])[0].kinds
    assert kinds[kind].level != "unlikely"
    others = [kinds[name].score for name in KINDS if name not in (kind, "text")]
    assert kinds[kind].score > max(others)


@settings(max_examples=20)
@given(st.permutations(DESK + HANDS + DESK_ZH))
def test_order_changes_nothing(order: list[str]) -> None:
    """Neither the duties one by one nor the whole."""
    before = {each.text: each for each in of_duties(DESK + HANDS + DESK_ZH)}
    assert all(each.share == pytest.approx(before[each.text].share, abs=1e-5) for each in of_duties(order))
    assert assess(order).share == pytest.approx(assess(DESK + HANDS + DESK_ZH).share, abs=1e-5)


@settings(max_examples=40)
@given(st.text(max_size=300))
def test_any_text_has_a_score(text: str) -> None:
    each = of_duties([text])[0]
    assert 0 <= each.share <= 1
    assert 0 <= each.automation <= 4
    assert each.level in LEVEL_NAMES
    assert set(each.kinds) == set(KINDS)
    for kind in each.kinds.values():
        assert kind.likely + kind.uncertain + kind.unlikely == pytest.approx(1)
        assert 0 <= kind.score <= 1


def test_more_hands_lower_it_more_writing_raises_it() -> None:
    base = assess(DESK + HANDS).own
    assert assess(DESK + HANDS + ["Lift crates onto trucks", "Clean floors"]).own < base
    assert assess(DESK + HANDS + ["Write letters to customers", "Edit articles"]).own > base


def test_the_model_knows_its_labels(shared_data: Path) -> None:
    """A sample of the tasks it was fitted on: better than the majority by far, or the weights are not its weights."""
    works = labelled_tasks(shared_data / "careers")[::40]
    scored = models.model("en-words").score([work.text for work in works])
    for name, labels in (("people", [w.human for w in works]), ("gpt4", [w.gpt4 for w in works])):
        wanted = np.array([CLASSES[label] for label in labels])
        assert (getattr(scored, name).argmax(1) == wanted).mean() > 0.75


def test_occupations() -> None:
    writer, welder = of_occupation("27-3043"), of_occupation("51-4121.00")
    assert writer is not None
    assert welder is not None
    assert writer.share > welder.share + 0.2
    for each in (writer, welder):
        assert each.low <= each.share <= each.high
        assert each.likely + each.uncertain + each.unlikely == pytest.approx(1, abs=0.001)
    assert of_occupation("99-9999") is None


def test_kinds_of_occupations() -> None:
    """Designers draw, operators speak, editors of films cut, welders do neither."""
    designer, operator, editor, welder = (of_occupation(c) for c in ("27-1024", "43-2011", "27-4032", "51-4121"))
    for each in (designer, operator, editor, welder):
        assert each is not None
        for kind in each.kinds.values():
            assert kind.likely + kind.uncertain + kind.unlikely == pytest.approx(1)
    for kind, top in (("image", designer), ("audio", operator), ("video", editor)):
        assert top.kinds[kind].score == max(each.kinds[kind].score for each in (designer, operator, editor, welder))
    assert max(kind.score for kind in welder.kinds.values()) < 0.2


def test_levels_are_reached_at_even_odds() -> None:
    assert [levels(*each).level for each in ((0.5, 0), (0.2, 0.3), (0.2, 0.2))] == ["likely", "uncertain", "unlikely"]
    assert mean_levels([levels(1, 0), levels(0, 0.5)]).score == pytest.approx(0.625)


def test_mixture() -> None:
    found = matcher("en").mixture(["Design electrical circuits", "Teach nursing students", "zzz qqq"])
    assert sum(match.share for match in found) == pytest.approx(1)
    assert matcher("en").mixture(["qqq zzz"])[0].code == ""


def test_nothing_in_the_weights_can_run() -> None:
    for file in sorted(models.WEIGHTS.glob("*.npz")):
        with np.load(file, allow_pickle=False) as arrays:
            assert all(arrays[name].dtype.kind in "fiu" for name in arrays.files)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages(language: str) -> None:
    with using(language):
        for texts in (DESK + HANDS, DESK_ZH):
            shown = page(assess(texts))
            assert t("careers.construct") in shown.lead
            assert t("careers.us_figures") in shown.lead
            assert not [text for text in shown.sentences() if "{" in text or "exposure." in text]


def test_both_catalogues_name_every_level_and_kind() -> None:
    for language in LANGUAGES:
        known = catalogue(language, "careers")
        assert {*(f"level_{name}" for name in LEVEL_NAMES), *(f"kind_{kind}" for kind in KINDS)} <= set(known)


def test_duties_are_scored_alone() -> None:
    text = "Responsibilities:\n- Write reports\n- Weld plates\nRequirements:\n- Degree"
    assert [each.text for each in assess(duties(text)).duties] == ["Write reports", "Weld plates"]
