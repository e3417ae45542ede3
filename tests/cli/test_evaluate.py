"""zaohua evaluate on data the model's own run has not seen."""

import json
import math
import random
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from zaohua import hub
from zaohua.language.folder import load_folder
from zaohua.metrics.ngram import WittenBell


@pytest.fixture
def other(tmp_path) -> Path:
    """Text of the toy model's words in another proportion."""
    draw = random.Random(1)
    words = draw.choices(["the", "cat", "sat", "on", "a", "mat", "dog"], weights=range(1, 8), k=2000)
    (tmp_path / "other.txt").write_text(" ".join(words), encoding="utf-8")
    return tmp_path / "other.txt"


def test_other_data_are_measured_as_by_hand(zaohua, trained, other):
    """The model's loss, token by token in blocks of its context, and both tables, from the text alone."""
    answer = zaohua("evaluate", str(trained), "--data", f"file:{other}", "--json")
    assert answer.code == 0, answer.err
    result = json.loads(answer.out)
    decoder, tokenizer = load_folder(trained / "checkpoints" / "best")
    text = other.read_text(encoding="utf-8")
    cut = int(len(text) * 0.9)
    train, held = [tokenizer.eot_id, *tokenizer.encode(text[:cut])], tokenizer.encode(text[cut:])
    context, vocabulary = decoder.config.context, decoder.config.vocab_size
    nats = 0.0
    for start in range(0, len(held) - 1, context):
        targets = held[start + 1 : start + context + 1]
        with torch.no_grad():
            logs = decoder(torch.tensor([held[start : start + len(targets)]]))[0].double().log_softmax(-1)
        nats -= sum(logs[place, token].item() for place, token in enumerate(targets))
    loss = nats / (len(held) - 1)
    bits = nats / math.log(2) / len(text[cut:].encode())
    assert result["metrics"] == pytest.approx(
        {"loss": loss, "perplexity": math.exp(loss), "bits_per_byte": bits}, rel=1e-4
    )
    counts = Counter(train)
    alone = [(counts[token] + len(counts) / vocabulary) / (len(train) + len(counts)) for token in held]
    ngram = result["baselines"]["ngram"]
    assert result["baselines"]["unigram"]["loss"] == pytest.approx(-sum(map(math.log, alone)) / len(held))
    table = WittenBell.fit(np.array(train), vocabulary, ngram["order"])
    assert ngram["order"] > 1
    assert ngram["loss"] == pytest.approx(table.nll(np.array(held)))
    assert result["data"] == [f"file:{other}"]
    shown = zaohua("evaluate", str(trained), "--data", f"file:{other}").out
    for number in (result["metrics"]["loss"], result["baselines"]["unigram"]["loss"], ngram["loss"]):
        assert f"{number:.4f}" in shown


def test_other_data_are_read_as_the_run_s_own(toy, trained, other, tmp_path, monkeypatch):
    """Cleaning and duplicates as in the model's run, the column as asked for."""
    from zaohua.language import evaluation

    shutil.copytree(trained, tmp_path / "run")
    recipe = tmp_path / "run" / "recipe.toml"
    changed = recipe.read_text().replace('normalise = "NFC"', 'normalise = "none"')
    recipe.write_text(changed.replace("near_dedup = true", "near_dedup = false"))
    asked = []
    prepare = evaluation.prepare
    monkeypatch.setattr(
        evaluation, "prepare", lambda data, *rest, **more: asked.append(data) or prepare(data, *rest, **more)
    )
    table = tmp_path / "other.csv"
    table.write_text(f"number,words\n1,{other.read_text()}\n", encoding="utf-8")
    hub.evaluate(tmp_path / "run", f"csv:{table}", "words")
    (data,) = asked
    assert (data.normalise, data.near_dedup, data.exact_dedup, data.column) == ("none", False, True, "words")


def test_a_column_needs_data(zaohua, trained):
    refused = zaohua("evaluate", str(trained), "--column", "words")
    assert refused.code == 2
    assert "--data" in refused.err


def test_a_model_away_from_its_run_needs_data_and_then_measures_the_same(zaohua, trained, other, tmp_path):
    shutil.copytree(trained / "checkpoints" / "best", tmp_path / "away" / "far" / "model")
    away = tmp_path / "away" / "far" / "model"
    refused = zaohua("evaluate", str(away))
    assert refused.code == 1
    assert "--data" in refused.err
    assert refused.err.count("\n") == 1
    assert hub.evaluate(away, f"file:{other}") == hub.evaluate(trained, f"file:{other}")


def test_windows_that_overlap_are_named_apart_from_blocks(zaohua, trained):
    result = json.loads(zaohua("evaluate", str(trained), "--stride", "8", "--samples", "0", "--json").out)
    assert result["sliding"].keys() == {
        "context",
        "stride",
        "sliding_loss",
        "sliding_perplexity",
        "sliding_bits_per_byte",
    }
    assert result["metrics"].keys() == {"loss", "perplexity", "bits_per_byte"}
    assert result["sliding"]["sliding_loss"] != result["metrics"]["loss"]
    assert "quality" not in result
    shown = zaohua("evaluate", str(trained), "--stride", "8", "--samples", "0").out
    assert f"{result['sliding']['sliding_loss']:.4f}" in shown
    assert "24" in shown  # what every token has seen: 32 - 8


def test_what_the_model_writes_stands_beside_held_out_text(zaohua, trained):
    command = ("evaluate", str(trained), "--samples", "4", "--form", "code-python")
    quality = json.loads(zaohua(*command, "--json").out)["quality"]
    assert quality["samples"] == 4
    assert quality["rows"]["distinct_2"]["held_out"] is not None
    assert quality["rows"]["code_parses"]["model"] is not None
    shown = zaohua(*command).out
    assert "held-out text" in shown
    assert f"{100 * quality['rows']['distinct_2']['model']:.1f}%" in shown
    chinese = zaohua(*command, "--lang", "zh").out
    assert "留出文本" in chinese


def test_the_end_of_a_run_is_measured_too(trained):
    summary = json.loads((trained / "summary.json").read_text(encoding="utf-8"))
    assert summary["quality"]["rows"]["chose_right"]["model"] is not None
    assert 'id="quality"' in (trained / "report.html").read_text(encoding="utf-8")


def test_another_model_judges(zaohua, trained):
    command = ("evaluate", str(trained), "--samples", "3", "--judge", str(trained), "--json")
    row = json.loads(zaohua(*command).out)["quality"]["rows"]["judge_bits_per_byte"]
    assert all(value > 0 for value in row.values())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--stride", "0"], "32"),
        (["--stride", "33"], "32"),
        (["--form", "limerick"], "verse-zh"),
        (["--samples", "-1"], "--samples"),
        (["--samples", "0", "--form", "code-python"], "--samples"),
        (["--samples", "0", "--judge", "x"], "--samples"),
        (["--limit", "3"], "--lm-eval"),
        (["--lm-eval", "absent.yaml"], "absent.yaml"),
        (["--lm-eval", "absent.yaml", "--stride", "4"], "--stride"),
        (["--lm-eval", ""], "--lm-eval"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_line(zaohua, trained, arguments, told):
    if "--lm-eval" in arguments:
        pytest.importorskip("lm_eval", reason="needs zaohua[lm-eval]")
    refused = zaohua("evaluate", str(trained), *arguments)
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert told in refused.err
