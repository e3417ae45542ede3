"""Conversations and preferences from files: every form, every mistake with its place, nothing twice."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.report import SourceReport
from zaohua.errors import ZaohuaError
from zaohua.language.finetuning.instructions import (
    ChatDataConfig,
    conversation,
    divide,
    first_question,
    read_conversations,
)
from zaohua.language.finetuning.preferences import preference, read_preferences

ASKED, SAID = {"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}
SYSTEM = {"role": "system", "content": "Be kind."}

FORMS = {
    "Alpaca": {"instruction": "Why?", "input": "", "output": "Because."},
    "messages": {"messages": [ASKED, SAID]},
    "ShareGPT": {"conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "Because."}]},
    "prompt/completion": {"prompt": "Why?", "completion": "Because."},
}


def read(path, reader=read_conversations, **settings):
    report = SourceReport()
    found, forms = reader(ChatDataConfig(source=f"file:{path}", **settings), report)
    return found, dict(forms), dict(report.removed)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_recognised_and_means_the_same(form):
    assert conversation(FORMS[form], "") == (form, (ASKED, SAID))


def test_what_each_form_may_hold_besides():
    alpaca = {
        "instruction": "Add.",
        "input": "1 and 2",
        "output": "3",
        "system": "Be kind.",
        "history": [["Why?", "Because."]],
    }
    added = {"role": "user", "content": "Add.\n1 and 2"}, {"role": "assistant", "content": "3"}
    assert conversation(alpaca, "")[1] == (SYSTEM, ASKED, SAID, *added)
    assert conversation({"system": "Be kind.", **FORMS["ShareGPT"]}, "")[1] == (SYSTEM, ASKED, SAID)
    assert conversation({"prompt": [SYSTEM, ASKED], "completion": [SAID]}, "")[1] == (SYSTEM, ASKED, SAID)
    assert conversation({"prompt": "Why?", "response": "Because."}, "")[1] == (ASKED, SAID)
    assert conversation({"system": "Be kind.", **FORMS["prompt/completion"]}, "")[1] == (SYSTEM, ASKED, SAID)
    both = {"prompt": "Why?", "completion": None, "response": "Because."}
    assert conversation(both, "")[1] == (ASKED, SAID), "rows of a table have all of its columns"
    row = {"messages": None, "instruction": "Why?", "input": None, "output": "Because."}
    assert conversation(row, "") == ("Alpaca", (ASKED, SAID)), "rows of a table have all of its columns"
    parts = [{"type": "text", "text": "Wh"}, {"type": "text", "text": "y?"}]
    assert conversation({"messages": [{"role": "user", "content": parts}, SAID]}, "")[1] == (ASKED, SAID)
    greeting = {"from": "gpt", "value": "Hello!"}
    turns = [greeting, *FORMS["ShareGPT"]["conversations"]]
    assert conversation({"conversations": turns}, "")[1] == (ASKED, SAID), "nobody asked for the greeting"
    roles = [{"from": name, "value": "x"} for name in ("system", "human", "function_call", "observation", "gpt")]
    found = [message["role"] for message in conversation({"conversations": roles}, "")[1]]
    assert found == ["system", "user", "assistant", "tool", "assistant"]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"instruction": "Why?"}, "output"),
        ({"output": "x", "instruction": None}, "fields output, instruction"),
        ({"instruction": 3, "output": "x"}, "instruction"),
        ({"prompt": "Why?"}, "completion"),
        ({"messages": "Why?"}, "messages"),
        ({"messages": [{"role": "user"}]}, r"messages\[0\].*content"),
        ({"messages": [ASKED, "hm"]}, r"messages\[1\]"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "content"),
        ({"conversations": [{"from": "martian", "value": "x"}]}, "martian"),
        ({"instruction": "a", "output": "b", "history": ["c"]}, "history"),
        ({"instruction": "a", "output": "b", "history": 1}, "history"),
        ({"text": "Why?"}, "text.*messages; conversations; instruction and output; prompt and completion"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path, record, words):
    file = tmp_path / "data.jsonl"
    file.write_text("\n".join(map(json.dumps, [FORMS["Alpaca"], FORMS["messages"], record])))
    with pytest.raises(ZaohuaError, match=rf"^data\.jsonl:3\b[^\n]*{words}[^\n]*$"):
        read(file)


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".json.gz", ".jsonl.gz"])
def test_arrays_lines_and_compressed_files(tmp_path, suffix):
    records = list(FORMS.values())
    records = [json.loads(json.dumps(record).replace("Why", f"Why {i}")) for i, record in enumerate(records)]
    text = "\n".join(map(json.dumps, records)) if "jsonl" in suffix else json.dumps(records, indent=1)
    file = tmp_path / f"data{suffix}"
    file.write_bytes(gzip.compress(text.encode()) if suffix.endswith("gz") else text.encode())
    found, forms, removed = read(file)
    assert [item.messages[0]["content"] for item in found] == [f"Why {i}?" for i in range(4)]
    assert forms == dict.fromkeys(FORMS, 1)
    assert removed == {}


@pytest.mark.parametrize("content", [b"", b"[]", b"[{]", b'{"a": 1', b"\xff\xfe\x00", b"[1]", b'"text"'])
def test_files_that_are_no_data(tmp_path, content):
    file = tmp_path / "data.json"
    file.write_bytes(content)
    with pytest.raises(ZaohuaError, match=r"^[^\n]+$"):
        divide(read(file)[0], lambda item: first_question(item.messages), 0.1, 1)


def test_empty_answers_and_duplicates_are_left_out_and_counted(tmp_path):
    empty, blank = FORMS["Alpaca"] | {"output": ""}, FORMS["Alpaca"] | {"output": " \n"}
    only_asked = {"messages": [ASKED]}
    file = tmp_path / "data.json"
    file.write_text(json.dumps([FORMS["Alpaca"], empty, blank, FORMS["messages"], only_asked, FORMS["Alpaca"]]))
    found, forms, removed = read(file)
    assert [item.where for item in found] == ["data.json:1"]
    assert forms == {"Alpaca": 4, "messages": 2}
    assert removed == {"empty_answer": 3, "exact": 2}


@given(
    st.lists(st.text(min_size=1, max_size=4), min_size=2, max_size=40, unique=True),
    st.floats(0.01, 0.99),
    st.integers(0, 3),
)
def test_equal_questions_are_on_one_side(questions, share, seed):
    items = [(question, answer) for question in questions for answer in "ab"]
    learnt, held = divide(items, lambda item: item[0], share, seed)
    assert sorted(learnt + held) == sorted(items)
    assert learnt
    assert held
    assert not {question for question, _ in learnt} & {question for question, _ in held}
    again = divide(items[::-1], lambda item: item[0], share, seed)
    assert sorted(again[1]) == sorted(held), "the order of the file decides nothing"


def test_one_question_alone_cannot_be_divided():
    with pytest.raises(ZaohuaError, match="at least two"):
        divide(["a", "a"], str, 0.5, 0)


KEYS = ["messages", "conversations", "instruction", "input", "output", "prompt", "completion", "chosen", "rejected"]
INNER = ["role", "content", "from", "value", "system", "history", "type", "text"]
LEAVES = st.sampled_from(["user", "assistant", "gpt", "text", "", None, 1, True, 1.5])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(KEYS + INNER), VALUES, max_size=5))
def test_any_object_is_understood_or_refused_in_one_line(record):
    for understand in (conversation, preference):
        try:
            _, found = understand(record, "x:1")
        except ZaohuaError as error:
            assert str(error).startswith("x:1")  # noqa: PT017  (either outcome is right)
            assert "\n" not in str(error)  # noqa: PT017
        else:
            messages = found if isinstance(found, tuple) else found.messages("chosen")
            assert all(set(message) == {"role", "content"} for message in messages)
            assert all(isinstance(text, str) for message in messages for text in message.values())


# ---- preferences

GPT = {"good": {"from": "gpt", "value": "good"}, "bad": {"from": "gpt", "value": "bad"}}
GOOD, BAD = ({"role": "assistant", "content": text} for text in ("good", "bad"))


@pytest.mark.parametrize(
    ("record", "form"),
    [
        (
            {"conversations": [{"from": "human", "value": "Why?"}], "chosen": GPT["good"], "rejected": GPT["bad"]},
            "ShareGPT",
        ),
        ({"prompt": "Why?", "chosen": "good", "rejected": "bad"}, "prompt"),
        ({"prompt": [ASKED], "chosen": [GOOD], "rejected": [BAD]}, "prompt"),
        ({"prompt": [ASKED], "chosen": [ASKED, GOOD], "rejected": [ASKED, BAD]}, "prompt"),
        ({"chosen": [ASKED, GOOD], "rejected": [ASKED, BAD]}, "chosen/rejected"),
    ],
)
def test_every_form_of_a_pair(record, form):
    found, pair = preference(record, "")
    assert (found, pair.prompt, pair.chosen, pair.rejected) == (form, (ASKED,), "good", "bad")
    assert pair.messages("rejected") == (ASKED, BAD)


def test_a_pair_may_bring_a_system_message_and_empty_columns():
    shared = {"system": "Be kind.", "chosen": GPT["good"], "rejected": GPT["bad"]}
    asked = [{"from": "human", "value": "Why?"}]
    for fields in ({"conversations": asked, "prompt": None}, {"conversations": None, "prompt": "Why?"}):
        assert preference(shared | fields, "")[1].prompt == (SYSTEM, ASKED)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"prompt": "Why?", "chosen": "good", "rejected": None}, "rejected"),
        ({"prompt": "Why?", "chosen": "good"}, "rejected"),
        ({"prompt": "Why?", "rejected": "bad"}, "chosen"),
        ({"chosen": "good", "rejected": "bad"}, "prompt"),
        ({"prompt": "Why?", "chosen": [ASKED], "rejected": "bad"}, "assistant"),
        ({"chosen": [ASKED, GOOD], "rejected": [SYSTEM, BAD]}, "prompt"),
        ({"prompt": "Why?", "chosen": 1, "rejected": "bad"}, "chosen"),
    ],
)
def test_a_mistake_in_a_pair_is_one_line_with_its_place(tmp_path, record, words):
    file = tmp_path / "pairs.json"
    file.write_text(json.dumps([{"prompt": "a", "chosen": "b", "rejected": "c"}, record]))
    with pytest.raises(ZaohuaError, match=rf"^pairs\.json:2\b[^\n]*{words}[^\n]*$"):
        read(file, read_preferences)


def test_pairs_that_say_nothing_are_left_out_and_counted(tmp_path):
    good = {"prompt": "Why?", "chosen": "good", "rejected": "bad"}
    equal, empty = good | {"rejected": " good"}, good | {"rejected": ""}
    file = tmp_path / "pairs.json"
    file.write_text(json.dumps([good, equal, empty, good, good | {"prompt": "How?"}]))
    found, forms, removed = read(file, read_preferences)
    assert [pair.where for pair in found] == ["pairs.json:1", "pairs.json:5"]
    assert forms == {"prompt": 5}
    assert removed == {"equal_answers": 1, "empty_answer": 1, "exact": 1}


def test_real_sets_are_read(shared_data):
    text = shared_data / "text"
    for name, count in {"alpaca_en_demo.json": 999, "code_alpaca_2k.json": 2017}.items():
        found, forms, removed = read(text / "instruct" / name)
        assert forms == {"Alpaca": count}
        assert len(found) + sum(removed.values()) == count
    found, forms, removed = read(text / "preference" / "dpo_en_demo.json.gz", read_preferences)
    assert forms == {"ShareGPT": 300}
    assert len(found) + sum(removed.values()) == 300
