"""zaohua finetune: from a run to one that goes on from it, and what cannot be gone on from."""

import json
import random
import tomllib
from pathlib import Path

import pytest

from zaohua import cli

QUICK = [
    "train.steps=6",
    "train.batch_size=2",
    "train.tensorboard=false",
    "sample.max_new_tokens=4",
    "model.context=32",
]


@pytest.fixture(scope="session")
def asked(tmp_path_factory) -> Path:
    """A few questions and answers in the words of the small model."""
    dice = random.Random(1)
    words = ["the", "cat", "sat", "on", "a", "mat", "and"]
    items = [
        {"prompt": " ".join(dice.choices(words, k=2)), "completion": " ".join(dice.choices(words, k=2))}
        for _ in range(30)
    ]
    path = tmp_path_factory.mktemp("asked") / "asked.json"
    path.write_text(json.dumps(items))
    return path


@pytest.fixture(scope="session")
def tuned(trained, asked) -> Path:
    """A run that went on from the small model."""
    folder = trained.parent / "tuned"
    settings = [f"data.source=file:{asked}", f"run.dir={folder}", *QUICK]
    assert cli.run(["finetune", str(trained), "language/instruct-lora", *settings, "--quiet"]) == 0
    return folder


def test_a_run_goes_on_from_another_and_can_be_gone_on_from(zaohua, trained, tuned, asked, tmp_path):
    recipe = tomllib.loads((tuned / "recipe.toml").read_text())
    assert Path(recipe["model"]["base"]) == trained / "checkpoints" / "best"
    summary = json.loads((tuned / "summary.json").read_text())
    assert summary["baselines"]["before"].keys() == summary["metrics"].keys()
    assert summary["trained"] < summary["parameters"]
    shown = zaohua(
        "finetune",
        str(tuned),
        "language/instruct-full",
        f"data.source=file:{asked}",
        f"run.dir={tmp_path / 'again'}",
        *QUICK,
    )
    assert shown.code == 0
    for words in ("loss (nats per token)", "before", str(tmp_path / "again")):
        assert words in shown.out
    assert "Recognised: prompt/completion 30" in shown.err


def test_the_tuned_model_answers(zaohua, tuned):
    answered = zaohua("generate", str(tuned), "the cat", "--chat", "--max-new-tokens", "5", "--temperature", "0")
    plain = zaohua("generate", str(tuned), "the cat", "--max-new-tokens", "5", "--temperature", "0")
    assert answered.code == plain.code == 0
    assert not answered.out.startswith("the cat")
    assert plain.out.startswith("the cat")


def test_a_tuned_run_is_measured_on_what_it_held_back(zaohua, tuned):
    summary = json.loads((tuned / "summary.json").read_text())
    found = json.loads(zaohua("evaluate", str(tuned), "--json").out)
    assert found["metrics"] == pytest.approx(summary["metrics"], rel=1e-3)
    assert found["baselines"]["before"] == pytest.approx(summary["baselines"]["before"], rel=1e-3)
    shown = zaohua("evaluate", str(tuned))
    assert f"{found['metrics']['loss']:.4f}" in shown.out
    assert "before" in shown.out
    refused = zaohua("evaluate", str(tuned), "--stride", "4")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "stride" in refused.err


def test_a_finished_run_resumes_to_its_summary_and_a_changed_base_is_refused(zaohua, trained, tuned, asked):
    settings = [f"data.source=file:{asked}", f"run.dir={tuned}", *QUICK, "--resume", "--json"]
    again = zaohua("finetune", str(trained), "language/instruct-lora", *settings)
    assert json.loads(again.out)["metrics"] == json.loads((tuned / "summary.json").read_text())["metrics"]
    other = zaohua("finetune", str(tuned), "language/instruct-lora", *settings)
    assert other.code == 2
    assert "model.base" in other.out


def test_a_dry_run_says_what_it_would_take(zaohua, trained, asked, tmp_path):
    settings = [f"data.source=file:{asked}", f"run.dir={tmp_path / 'run'}", *QUICK, "--dry-run", "--json"]
    plan = json.loads(zaohua("finetune", str(trained), "language/instruct-full", *settings).out)
    assert plan["steps"] == 6
    assert not (tmp_path / "run").exists()


CASES = {
    "no such model": (("/no/such/model", "language/continue", "data.source=file:x"), 1, "does not exist"),
    "no data": (("{run}", "language/continue"), 2, "needs text of your own"),
    "a recipe from nothing": (("{run}", "language/shakespeare-64", "data.source=file:x"), 2, "language/instruct-lora"),
    "no conversations": (("{run}", "language/instruct-lora", "data.source=file:{text}"), 1, "at least two"),
    "a bad target": (
        ("{run}", "language/instruct-lora", "data.source=file:{asked}", 'lora.targets=["x9"]'),
        2,
        "q_proj",
    ),
    "pairs that are none": (
        ("{run}", "language/prefer-lora", "data.source=file:{asked}"),
        1,
        "asked.json:1 has no chosen",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_gone_on_from_is_one_line(zaohua, trained, toy, asked, tmp_path, case):
    arguments, code, words = CASES[case]
    places = {"run": trained, "text": toy.parent / "text.txt", "asked": asked}
    shown = zaohua("finetune", *(word.format(**places) for word in arguments), f"run.dir={tmp_path / 'run'}")
    assert shown.code == code
    errors = [line for line in shown.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert words in errors[0]
    assert not (tmp_path / "run" / "recipe.toml").exists()
