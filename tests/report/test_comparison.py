"""The report of tasks with numbers of their own."""

import json
import re
from pathlib import Path

import pytest

from zaohua.i18n import using
from zaohua.report import write_report
from zaohua.report.comparison import comparison, confusion
from zaohua.report.record import Record


def record(task: str, ours: dict, baselines: dict, **summary) -> Record:
    return Record(
        folder=Path("runs/x"),
        recipe={"task": task},
        evals=[{"step": 5, "kind": "eval", "seconds": 1.0, **ours}],
        summary={"baselines": baselines, **summary},
    )


@pytest.mark.parametrize(
    ("task", "name", "ours", "theirs", "says"),
    [
        ("classify", "accuracy", 0.93, 0.90, "It beats the baseline: accuracy 93.0%, against 90.0% of TF-IDF"),
        ("classify", "accuracy", 0.901, 0.90, "It is level with the baseline: accuracy 90.1%, TF-IDF 90.0%"),
        ("embed", "mrr", 0.4, 0.5, "It does not beat the baseline yet: mean reciprocal rank 0.400, against 0.500"),
        ("masked", "loss", 3.0, 3.5, "It beats the baseline: loss \\(nats\\) 3.000, against 3.500"),
        ("masked", "loss", 4.0, 3.5, "It does not beat"),
    ],
)
def test_the_number_that_counts_is_compared_in_its_direction(task, name, ours, theirs, says):
    other = {} if name == "loss" else {"loss": 1.0}
    with using("en"):
        page = comparison(record(task, {**other, name: ours}, {"tfidf": {name: theirs}, "places": 5}))

    assert re.search(says, page)


def test_the_best_baseline_is_the_rival_and_zeros_are_shown():
    found = record(
        "classify", {"loss": 1.0, "accuracy": 0.0}, {"commonest": {"accuracy": 0.2}, "tfidf": {"accuracy": 0.8}}
    )
    with using("en"):
        page = comparison(found)
    assert "against 80.0% of TF-IDF" in page
    assert "0.0%" in page


def test_confusion_has_a_row_a_label():
    found = record("classify", {"loss": 1.0}, {}, labels=["<a>", "b"], confusion=[[3, 1], [0, 0]])
    page = confusion(found)
    assert page is not None
    assert "&lt;a&gt;" in page
    assert "<b>3</b>" in page
    assert "75.0%" in page
    assert confusion(record("classify", {"loss": 1.0}, {})) is None


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("task", ["masked", "classify", "embed", "seq2seq"])
def test_a_whole_page_in_both_languages(tmp_path, task, language):
    (tmp_path / "recipe.toml").write_text(f'task = "{task}"\n[run]\ndir = "runs/x"\n', encoding="utf-8")
    lines = [{"step": 5, "kind": kind, "loss": 1.0, "accuracy": 0.5, "tokens": 10} for kind in ("train", "eval")]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (tmp_path / "summary.json").write_text(json.dumps({"metrics": {}, "baselines": {"tfidf": {}}}), encoding="utf-8")
    with using(language):
        write_report(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "50.0%" in page
    assert ("zaohua fill" in page) == (task == "masked")
    assert ("zaohua classify" in page) == (task == "classify")
