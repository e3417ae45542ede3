"""Our models in lm-eval, on small local tasks, against what the model says directly."""

import json
import math

import pytest

pytest.importorskip("lm_eval", reason="needs zaohua[lm-eval]")

import lm_eval.tasks
from lm_eval.api.instance import Instance
from lm_eval.api.registry import get_model

from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.engine.request import Request
from zaohua.language.lm_eval import ZaohuaLM, run_tasks
from zaohua.language.model import LanguageModel
from zaohua.language.sampling import SamplingConfig
from zaohua.language.scoring import continuations

CHOICE = """
task: tiny_choice
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{answer}}}}"
metric_list:
  - metric: acc
"""
PERPLEXITY = """
task: tiny_perplexity
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{{{text}}}}"
metric_list:
  - metric: bits_per_byte
"""
QUESTIONS = [
    {"question": "Once upon a", "choices": [" time", " hill", "山"], "answer": 0},
    {"question": "从前有一座", "choices": ["山", "庙", " temple"], "answer": 1},
    {"question": "there was", "choices": [" a hill", " hill a"], "answer": 1},
]
TEXTS = ["Once upon a time there was a hill.", "从前有一座山，山上有一座庙。" * 4]


@pytest.fixture
def model(make_decoder, tokenizer):
    return LanguageModel(make_decoder(), tokenizer, name="tiny")


@pytest.fixture
def task(tmp_path, monkeypatch):
    """task(name, template, rows): the path of a task file and its data."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")

    def make(name, template, rows):
        data, path = tmp_path / f"{name}.jsonl", tmp_path / f"{name}.yaml"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        path.write_text(template.format(data=data.as_posix()), encoding="utf-8")
        return str(path)

    return make


def instance(*arguments):
    return Instance(request_type="loglikelihood", doc={}, arguments=arguments, idx=0)


def test_a_choice_is_the_one_the_model_finds_most_probable(model, task):
    right = []
    for row in QUESTIONS:
        before = model.tokenizer.encode(row["question"])
        pairs = [(before, model.tokenizer.encode(row["question"] + choice)[len(before) :]) for choice in row["choices"]]
        nats = [each.nats for each in continuations(model.decoder, pairs)]
        right.append(nats.index(min(nats)) == row["answer"])
    found = run_tasks(model, [task("choice", CHOICE, QUESTIONS)])
    assert found["tiny_choice"]["acc"]["value"] == pytest.approx(sum(right) / len(right))
    assert found["tiny_choice"]["acc"]["stderr"] is not None
    first = run_tasks(model, [task("choice", CHOICE, QUESTIONS)], limit=1)
    assert first["tiny_choice"]["acc"]["value"] == float(right[0])


def test_bits_per_byte_of_texts_longer_than_the_context_too(model, task):
    pairs = [([model.tokenizer.eot_id], model.tokenizer.encode(text)) for text in TEXTS]
    nats = sum(each.nats for each in continuations(model.decoder, pairs))
    found = run_tasks(model, [task("perplexity", PERPLEXITY, [{"text": text} for text in TEXTS])])
    expected = nats / math.log(2) / sum(len(text.encode()) for text in TEXTS)
    assert found["tiny_perplexity"]["bits_per_byte"]["value"] == pytest.approx(expected, rel=1e-6)
    assert ZaohuaLM(model).loglikelihood_rolling([instance(TEXTS[0])]) == pytest.approx(
        [-model.score(TEXTS[0])["loss"] * len(pairs[0][1])], rel=1e-5
    )


def test_likelihood_after_nothing_is_that_of_a_document(model):
    (found,) = ZaohuaLM(model).loglikelihood([instance("", TEXTS[0])])
    tokens = len(model.tokenizer.encode(TEXTS[0]))
    assert found[0] == pytest.approx(-model.score(TEXTS[0])["loss"] * tokens, rel=1e-5)
    (blank,) = ZaohuaLM(model).loglikelihood([instance(" ", TEXTS[0])])  # blank space goes to what follows
    tokens = len(model.tokenizer.encode(" " + TEXTS[0]))
    assert blank[0] == pytest.approx(-model.score(" " + TEXTS[0])["loss"] * tokens, rel=1e-5)


def test_generation_is_greedy_up_to_a_string(model):
    (written,) = ZaohuaLM(model).generate_until([instance(TEXTS[0], {"until": [], "max_gen_toks": 12})])
    (greedy,) = model.generate(TEXTS[0], max_new_tokens=12, temperature=0)
    assert written == greedy.text
    stop = written[4:6]
    (cut,) = ZaohuaLM(model).generate_until([instance(TEXTS[0], {"until": stop, "max_gen_toks": 12})])
    assert cut == written[: written.index(stop)]


def test_a_context_too_long_loses_its_beginning(model):
    long = TEXTS[1] * 3
    asked = {"until": ["never"], "max_gen_toks": 8, "do_sample": True, "temperature": 0.5}
    (written,) = ZaohuaLM(model).generate_until([instance(long, asked)])
    assert isinstance(written, str)


def test_a_context_is_cut_by_tokens_wherever_that_cuts_its_characters(model):
    """The last tokens that leave room for the answer, though they begin inside a character."""
    context, ids = "庙é" * 60, model.tokenizer.encode("庙é" * 60)
    for new_tokens in range(5, 12):
        (written,) = ZaohuaLM(model).generate_until([instance(context, {"until": [], "max_gen_toks": new_tokens})])
        kept = ids[-(model.decoder.config.context - new_tokens) :]
        request = Request(prompt=kept, sampling=SamplingConfig(temperature=0.0), max_new_tokens=new_tokens)
        (expected,) = model.engine.complete([request])
        assert written == expected.text


def test_the_same_question_asked_again_is_answered_anew_where_answers_are_drawn(model):
    asked = {"until": [], "max_gen_toks": 12, "do_sample": True, "temperature": 1.0}
    written = ZaohuaLM(model).generate_until([instance(TEXTS[0], asked)] * 3)
    assert len(set(written)) > 1
    greedy = ZaohuaLM(model).generate_until([instance(TEXTS[0], {"until": [], "max_gen_toks": 12})] * 2)
    assert greedy[0] == greedy[1]


def test_windows_of_a_long_text_are_lm_eval_s_own(model):
    from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

    text = TEXTS[1] * 5
    windows = get_rolling_token_windows(
        model.tokenizer.encode(text), model.tokenizer.opening[-1], model.decoder.config.context, 1
    )
    pairs = [make_disjoint_window(window) for window in windows]
    assert len(pairs) > 2
    (found,) = ZaohuaLM(model).loglikelihood_rolling([instance(text)])
    assert found == pytest.approx(-sum(each.nats for each in continuations(model.decoder, pairs)), rel=1e-6)


def test_a_model_without_a_path_is_told_how_to_give_one():
    with pytest.raises(UsageError, match="path=") as caught:
        ZaohuaLM(pretrained="runs/mine")
    assert "\n" not in str(caught.value)


def test_lm_eval_knows_us_by_name(folder):
    found = get_model("zaohua").create_from_arg_string(f"path={folder}")
    assert isinstance(found, ZaohuaLM)
    assert found.model.name == "model"


@pytest.mark.parametrize("name", ["absent.yaml", "no_such_task_anywhere"])
def test_an_unknown_task_is_told_in_one_line(model, name, monkeypatch):
    if not name.endswith(".yaml"):  # reading lm-eval's thousands of tasks takes seconds
        known = lm_eval.tasks.TaskManager(include_defaults=False)
        monkeypatch.setattr(lm_eval.tasks, "TaskManager", lambda **_: known)
    with pytest.raises(UsageError, match=name) as caught:
        run_tasks(model, [name])
    assert "\n" not in str(caught.value)


def test_a_task_that_fails_is_told_in_one_line(model, task, tmp_path):
    path = task("broken", CHOICE, QUESTIONS)
    (tmp_path / "broken.jsonl").unlink()
    with pytest.raises(ZaohuaError, match="broken") as caught:
        run_tasks(model, [path])
    assert "\n" not in str(caught.value)
