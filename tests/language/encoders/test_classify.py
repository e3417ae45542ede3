"""The classify task: sorts, goes on from a pretrained folder, and says what it cannot learn from."""

from pathlib import Path

import numpy as np
import pytest
import small_runs
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from zaohua import hub
from zaohua.errors import ZaohuaError
from zaohua.recipe import load_recipe
from zaohua.training.run import describe, train_recipe


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    """Texts of two topics."""
    return small_runs.classify(tmp_path_factory.mktemp("classify"))


def test_it_sorts_and_transformers_agrees(recipe, tmp_path):
    settings = ("train.steps=80", "train.evaluate_every=80", "train.accumulate=1")
    summary = train_recipe(recipe, *settings, f"run.dir={tmp_path}", quiet=True)
    assert summary["metrics"]["accuracy"] > 0.9
    assert {"commonest", "tfidf"} <= summary["baselines"].keys()
    confusion = np.array(summary["confusion"])
    assert summary["labels"] == ["money", "sport"]
    assert confusion.trace() / confusion.sum() == pytest.approx(summary["metrics"]["accuracy"])
    measured = hub.evaluate(tmp_path)
    assert measured["metrics"] == pytest.approx(summary["metrics"], abs=1e-6)
    assert measured["baselines"] == summary["baselines"]
    model, text = hub.load(tmp_path), "the team in a match today"
    ours = model.classify(text)[0]
    folder = tmp_path / "checkpoints" / "best"
    theirs, tokenizer = (
        AutoModelForSequenceClassification.from_pretrained(folder),
        AutoTokenizer.from_pretrained(folder),
    )
    with torch.no_grad():
        probabilities = theirs(**tokenizer(text, return_tensors="pt")).logits[0].softmax(-1)
    assert ours.label == "sport" == theirs.config.id2label[int(probabilities.argmax())]
    assert ours.probabilities["sport"] == pytest.approx(probabilities.max().item(), abs=1e-5)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "AutoModelForSequenceClassification" in readme
    assert "tfidf" in readme


def test_it_goes_on_from_a_pretrained_folder(recipe, tmp_path):
    masked = f'task = "masked"\n[data]\nsource = "file:{recipe.parent / "table.csv"}"\ncolumn = "text"\n'
    masked += '[tokenizer]\nvocab_size = 300\n[model]\nlayers = 1\nwidth = 32\ncontext = 24\n[run]\ndir = "x"\n'
    (tmp_path / "masked.toml").write_text(masked)
    train_recipe(tmp_path / "masked.toml", "train.steps=3", f"run.dir={tmp_path / 'base'}", quiet=True)
    settings = (f"model.base={tmp_path / 'base'}", "train.steps=1", "train.learning_rate=1e-9", "train.optimiser=adamw")
    train_recipe(recipe, *settings, f"run.dir={tmp_path / 'run'}", quiet=True)
    base, run = (hub.load(tmp_path / name) for name in ("base", "run"))
    assert run.tokenizer.backend.to_str() == base.tokenizer.backend.to_str()
    mine, theirs = run.encoder.state_dict(), base.encoder.state_dict()
    fresh = ("classifier", "pooler", "transformer.layers.0.self_attn.q_proj")
    shared = [name for name in mine if not name.startswith(fresh)]
    assert shared
    assert all((mine[name] - theirs[name]).abs().max() < 1e-6 for name in shared)
    assert mine["transformer.layers.0.self_attn.q_proj.weight"].abs().max() < 1e-6, "it begins by reading all alike"
    assert describe(load_recipe(recipe, settings))["parameters"] == run.encoder.config.num_parameters()


def test_other_texts_are_measured_by_the_model_s_labels(recipe, tmp_path):
    train_recipe(recipe, "train.steps=2", f"run.dir={tmp_path / 'run'}", quiet=True)
    rows = [f"other text {number},{'sport' if number % 2 else 'money'}" for number in range(60)]
    (tmp_path / "other.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    assert 0 <= hub.evaluate(tmp_path / "run", f"csv:{tmp_path / 'other.csv'}")["metrics"]["accuracy"] <= 1
    (tmp_path / "other.csv").write_text("\n".join(["text,label", *rows, "new,weather"]), encoding="utf-8")
    with pytest.raises(ZaohuaError, match=r"other\.csv:62: the label weather is none of money, sport"):
        hub.evaluate(tmp_path / "run", f"csv:{tmp_path / 'other.csv'}")


def test_without_scikit_learn_one_line_says_so(recipe, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("zaohua.language.text_task.find_spec", lambda name: None)
    summary = train_recipe(recipe, "train.steps=1", f"run.dir={tmp_path}", quiet=True)
    assert summary["baselines"].keys() == {"commonest"}
    assert "zaohua[baselines]" in capsys.readouterr().err
