"""Questions about pictures: the data's own and those made of captions; the exam and its simple rivals."""

import json

import numpy as np
import pytest
from painting import album

from zaohua import hub
from zaohua.data.captioned import CaptionedConfig, read_captioned
from zaohua.errors import UsageError, ZaohuaError
from zaohua.multimodal.any.answering import Exam
from zaohua.multimodal.any.examples import Example
from zaohua.multimodal.any.questions import question, questions_about
from zaohua.report import write_report
from zaohua.report.captioned import rows as shown
from zaohua.training.run import train_recipe


def example(name: str, chinese: str, kind: str = "", asked: dict | None = None) -> Example:
    texts = {"en": [name, f"the {name}"], "zh": [chinese]}
    return Example("image", [np.zeros(4, np.int64)], {}, texts, kind, asked=asked or {})


APPLE, CAT, DOG = example("apple", "苹果", "fruit"), example("cat", "猫", "animal"), example("dog", "狗", "animal")


def test_made_questions_have_true_answers():
    drawn = np.random.default_rng(0).uniform(size=(300, 4))
    seen = {question(CAT, "en", [APPLE, CAT, DOG], draws) for draws in drawn}
    right = {
        (posed.question, posed.answers[0]) for other in (APPLE, DOG) for posed in questions_about(CAT, "en", other)
    }
    right |= {("Is this the cat?", "yes"), ("Is this the apple?", "no"), ("Is this the dog?", "no")}
    assert seen == right
    assert ("这是猫吗？", "是") in {(posed.question, posed.answers[0]) for posed in questions_about(CAT, "zh", APPLE)}
    assert ("这是苹果吗？", "不是") in {
        (posed.question, posed.answers[0]) for posed in questions_about(CAT, "zh", APPLE)
    }


def test_questions_of_the_data_go_before_made_ones():
    known = example("cat", "猫", asked={"en": {"What colour is it?": ["black", "black", "grey"]}})
    [posed] = questions_about(known, "en", APPLE)
    assert (posed.sort, posed.question, posed.answers) == ("data", "What colour is it?", ["black", "black", "grey"])
    drawn = np.random.default_rng(0).uniform(size=(60, 4))
    assert {question(known, "en", [APPLE], draws)[1] for draws in drawn} == {"black", "grey"}
    assert len(questions_about(known, "zh", APPLE)) == 3  # nothing is asked in Chinese: questions are made


def test_an_exam_scores_right_answers_full_and_its_rivals_as_they_deserve():
    exam = Exam("en", [CAT, example("tiger", "虎", "animal")], [APPLE, CAT, DOG], [1, 2])
    right = [posed.answers[0] for _, posed in exam.questions]
    assert set(exam.scores(right).values()) == {1.0}
    assert exam.scores(["nonsense"] * len(right))["answer_vqa_en"] == 0.0
    frequent = exam.scores(exam.frequent())
    assert frequent["answer_vqa_kind_en"] == 1.0  # both are animals, as most that were learnt from
    assert frequent["answer_vqa_check_en"] == 0.5
    nearest = exam.scores(exam.nearest())
    assert nearest["answer_vqa_name_en"] == 0.5  # the cat's nearest is the cat, the tiger's the dog
    assert nearest["answer_vqa_check_en"] == 0.75  # a dog is no tiger


def test_rivals_go_by_what_all_people_said_and_not_by_the_first_of_them():
    asked = {"en": {"What colour is it?": ["dark", "black", "black"]}}
    pictures = [example("cat", "猫", asked=asked), example("tyre", "轮胎", asked=asked)]
    exam = Exam("en", pictures[:1], pictures, [1])
    assert exam.frequent() == exam.nearest() == ["black"]
    assert exam.scores(exam.frequent()) == {"answer_vqa_en": pytest.approx(2 / 3)}  # (1/2 + 1/2 + 1) / 3


@pytest.fixture
def asking(tmp_path) -> str:
    """24 pictures of which a table asks something; the last six have no caption."""
    folder = album(tmp_path / "asked", 24, width=16, height=16)
    rows = []
    for number, file in enumerate(sorted(folder.glob("*.png"))):
        colour = ("red", "blue")[number % 2]
        row = {"file": file.name, "question": "What colour is it?", "answers": [colour, colour, "dark"]}
        rows.append(row | ({"caption": f"a {colour} thing"} if number < 18 else {}))
        rows.append({"file": file.name, "question": "它是什么颜色？", "answer": "红蓝"[number % 2]})
    (folder / "table.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return f"jsonl:{folder / 'table.jsonl'}"


def test_questions_come_out_of_a_table_where_they_are_wanted(asking):
    read = {
        wanted: read_captioned(CaptionedConfig(source=asking, size=16), 1, questions=wanted) for wanted in (True, False)
    }
    both = [len(each.train) + len(each.validation) for each in read.values()]
    assert both == [24, 18]
    assert read[False].report["skipped"] == {"no_caption": 6}
    assert not any(read[False].train.questions)
    for known in read[True].train.questions:
        assert known["en"]["What colour is it?"][2] == "dark"
        assert known["zh"]["它是什么颜色？"] in (["红"], ["蓝"])
    assert read[True].report["hash"] != read[False].report["hash"]


def test_questions_in_a_third_language_are_left_out_named_and_counted(asking, tmp_path):
    table = tmp_path / "asked" / "table.jsonl"
    rows = [json.loads(line) for line in table.read_text("utf-8").splitlines()]
    foreign = [{"file": "0000.png", "question": text, "answer": "да"} for text in ("Какого это цвета?", "Это круг?")]
    foreign += [{"file": "0001.png", "question": "何の色ですか？", "answer": "赤"}]
    foreign += [{"file": "0001.png", "question": "Что это?", "answers": []}]  # nothing to learn in any language
    table.write_text("\n".join(json.dumps(row) for row in rows + foreign), "utf-8")
    read = {
        wanted: read_captioned(CaptionedConfig(source=asking, size=16), 1, questions=wanted) for wanted in (True, False)
    }
    assert read[True].report["captions"]["other_questions"] == {"ru": 2, "ja": 1}
    assert any("ru, ja" in warning and "3" in warning for warning in read[True].report["warnings"])
    assert "ru 2 · ja 1" in shown(read[True].report).values()
    assert all(set(asked) <= {"en", "zh"} for asked in read[True].train.questions)
    assert read[False].report["captions"]["other_questions"] == {}
    table.write_text("\n".join(json.dumps(row) for row in foreign), "utf-8")
    with pytest.raises(ZaohuaError, match="languages wanted"):  # and not that answers are lacking
        read_captioned(CaptionedConfig(source=asking, size=16), 1, questions=True)


def test_long_texts_are_cut_where_a_model_is_measured_and_refused_where_it_is_used(any_model, recipe, prepared, asking):
    task = prepared(recipe, f"data.source={asking}")
    item = next(item for item in task.found.validation[0].items if item.asked)
    item.asked["en"] = {"What would you say is the colour of it? " * 60: ["red"]}
    assert set(task.measures.of(any_model, ["answer"])) == {"answer_vqa_en", "answer_vqa_zh"}
    picture = np.zeros((16, 16, 3), np.uint8)
    with pytest.raises(ZaohuaError):
        any_model.answer(picture, "What is it? " * 100)
    assert len(any_model.generate("a red apple " * 100, cut=True)) == 1
    with pytest.raises(ZaohuaError):
        any_model.generate("a red apple " * 100)


def test_a_long_question_makes_room_for_itself(recipe, prepared, asking):
    task = prepared(recipe, f"data.source={asking}")
    entry = next(entry for entry in task._entries if entry.template == "answer" and entry.language == "en")
    [asked], given = entry.example.asked["en"], entry.example.asked["en"]["What colour is it?"]
    longest = max(len(task.found.tokenizer.encode(text)) for text in given)
    assert entry.example.asking["en"] == len(task.found.tokenizer.encode(asked)) + longest
    assert entry.length() == 64 + 2 + 2 + 2 + entry.example.asking["en"]


def test_a_model_learns_from_them_and_is_examined(recipe, asking, tmp_path):
    with (tmp_path / "asked" / "table.jsonl").open("a", encoding="utf-8") as table:
        table.write("\n" + json.dumps({"file": "0000.png", "question": "Какого это цвета?", "answer": "красный"}))
    train_recipe(recipe, f"data.source={asking}", "train.steps=3")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    for language in ("en", "zh"):
        assert 0 <= summary["made"][f"answer_vqa_{language}"] <= 1
        assert 0 < summary["baselines"]["frequent"][f"answer_vqa_{language}"] < 1
        assert f"answer_vqa_{language}" in summary["baselines"]["nearest"]
    page = write_report(tmp_path / "run").read_text("utf-8")
    assert "(ru), left out: 1" in page or "（ru）已略去：1" in page
    model = hub.load(tmp_path / "run")
    picture = sorted((tmp_path / "asked").glob("*.png"))[0]
    assert model.answer(picture, "它是什么颜色？").prompt == "它是什么颜色？"


def test_vqa_s_own_answers_are_read_and_a_table_without_any_is_refused(asking, tmp_path):
    table = tmp_path / "asked" / "table.jsonl"
    rows = [json.loads(line) for line in table.read_text("utf-8").splitlines()]
    for row in rows:
        row.pop("caption", None)
        given = row.pop("answers", None) or [row.pop("answer")]
        row["answers"] = [{"answer": text, "answer_confidence": "yes"} for text in given]
    table.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    read = read_captioned(CaptionedConfig(source=asking, size=16), 1, questions=True)
    assert read.train.questions[0]["en"]["What colour is it?"][2] == "dark"
    table.write_text("\n".join(json.dumps(row | {"answers": []}) for row in rows), "utf-8")
    with pytest.raises(UsageError, match="answers"):
        read_captioned(CaptionedConfig(source=asking, size=16), 1, questions=True)
