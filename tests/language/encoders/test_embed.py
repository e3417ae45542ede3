"""The embed task: its loss in plain loops, and pairs that find each other."""

import math
import random
from pathlib import Path

import pytest
import torch
from resuming import assert_resumes_exactly

from zaohua import hub
from zaohua.language.encoders.embed import info_nce
from zaohua.training.run import train_recipe


@pytest.mark.parametrize("temperature", [0.05, 1.0])
def test_info_nce_in_plain_loops(temperature):
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.nn.functional.normalize(torch.randn(5, 7, generator=generator), dim=-1) for _ in range(2))
    same = torch.zeros(5, 5, dtype=torch.bool)
    same[1, 3] = same[3, 1] = True

    def one_way(x, y) -> float:
        total = 0.0
        for i in range(5):
            weights = [math.exp(float(x[i] @ y[j]) / temperature) for j in range(5) if i == j or not same[i, j]]
            total -= math.log(math.exp(float(x[i] @ y[i]) / temperature) / sum(weights))
        return total / 5

    expected = (one_way(a, b) + one_way(b, a)) / 2
    assert info_nce(a, b, temperature, same).item() == pytest.approx(expected, rel=1e-5)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    """First and second texts that share no word: a code between two word lists has to be learnt."""
    folder = tmp_path_factory.mktemp("embed")
    draw = random.Random(0)
    english = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    german = ["eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"]
    rows = set()
    while len(rows) < 500:
        numbers = draw.choices(range(10), k=3)
        rows.add("\t".join(" ".join(words[n] for n in numbers) for words in (english, german)))
    (folder / "table.tsv").write_text("\n".join(sorted(rows)), encoding="utf-8")
    (folder / "embed.toml").write_text(
        f"""
        task = "embed"
        [data]
        source = "csv:{folder / "table.tsv"}"
        first = "1"
        second = "2"
        [tokenizer]
        vocab_size = 300
        [model]
        layers = 1
        width = 32
        context = 16
        dropout = 0.1
        [train]
        steps = 12
        batch_size = 8
        log_every = 1
        evaluate_every = 6
        save_every = 5
        tensorboard = false
        [run]
        dir = "{folder / "run"}"
        """
    )
    return folder / "embed.toml"


def test_a_stopped_run_goes_on_bit_for_bit(recipe, tmp_path, monkeypatch):
    assert_resumes_exactly(recipe, tmp_path, monkeypatch, after=7)


def test_pairs_find_each_other_where_shared_words_do_not_help(recipe, tmp_path):
    settings = ("train.steps=150", "train.batch_size=32", "train.evaluate_every=150", "model.dropout=0")
    summary = train_recipe(recipe, *settings, f"run.dir={tmp_path}", quiet=True)
    assert summary["metrics"]["mrr"] > 2 * summary["baselines"]["tfidf"]["mrr"]
    model = hub.load(tmp_path)
    similarity = model.similarity("one two three", ["eins zwei drei", "neun zehn acht"])[0]
    assert similarity[0] > similarity[1]
    assert hub.evaluate(tmp_path)["metrics"] == pytest.approx(summary["metrics"], abs=1e-5)
