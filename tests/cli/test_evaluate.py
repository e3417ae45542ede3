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
