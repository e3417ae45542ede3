"""The dial: what follows from a shape, and what the recipe says itself."""

import pytest

from zaohua.language import dial
from zaohua.training.config import TrainConfig


def schedule(tokens=None, **train):
    model = dial.shape(dial.ModelConfig(depth=4), 100)
    return dial.schedule(TrainConfig(**train), dial.decoder_config(model, 100), tokens)


def test_adamw_for_everything_is_slower_than_beside_muon():
    assert schedule().learning_rate == pytest.approx(0.008)
    assert schedule(optimiser="adamw").learning_rate == pytest.approx(0.003)
    assert schedule(optimiser="adamw", learning_rate=0.01).learning_rate == 0.01


def test_a_budget_of_its_own_is_bounded_by_passes_over_the_text():
    model = dial.shape(dial.ModelConfig(depth=4), 100)
    config = dial.decoder_config(model, 100)
    unbounded = schedule()
    per_step = unbounded.batch_size * config.context
    assert unbounded.steps == -(-20 * config.num_parameters() // per_step)
    assert schedule(100_000).steps == -(-8 * 100_000 // per_step)
    assert schedule(100_000, steps=7).steps == 7
