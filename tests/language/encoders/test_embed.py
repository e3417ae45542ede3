"""The embed task: its loss in plain loops, and pairs that find each other."""

import math
from pathlib import Path

import pytest
import small_runs
import torch

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
    """A code between two lists of words."""
    return small_runs.embed(tmp_path_factory.mktemp("embed"))


def test_pairs_find_each_other_where_shared_words_do_not_help(recipe, tmp_path):
    settings = ("train.steps=150", "train.batch_size=32", "train.evaluate_every=150", "model.dropout=0")
    summary = train_recipe(recipe, *settings, f"run.dir={tmp_path}", quiet=True)
    assert summary["metrics"]["mrr"] > 2 * summary["baselines"]["tfidf"]["mrr"]
    model = hub.load(tmp_path)
    similarity = model.similarity("one two three", ["eins zwei drei", "neun zehn acht"])[0]
    assert similarity[0] > similarity[1]
    assert hub.evaluate(tmp_path)["metrics"] == pytest.approx(summary["metrics"], abs=1e-5)


def test_what_a_classifier_has_beyond_the_encoder_is_left_behind(recipe, tmp_path):
    train_recipe(small_runs.classify(tmp_path), "train.steps=1", f"run.dir={tmp_path / 'base'}", quiet=True)
    settings = (f"model.base={tmp_path / 'base'}", "train.steps=1", f"run.dir={tmp_path / 'run'}")
    train_recipe(recipe, *settings, quiet=True)
    config = hub.load(tmp_path / "run").encoder.config
    assert (config.head, config.pooler, config.labels) == ("none", False, ())
