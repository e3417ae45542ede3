"""Budgets: one at most, in what the task counts."""

import pytest

from zaohua.errors import UsageError
from zaohua.training.config import TrainConfig


@pytest.mark.parametrize(
    ("budget", "steps"),
    [
        ({"steps": 7}, 7),
        ({"tokens": 1000}, 16),
        ({"images": 3}, 1),
        ({"images": 33}, 5),
        ({"minutes": 2.0}, None),
        ({}, None),
    ],
)
def test_a_budget_becomes_steps_where_no_clock_is_needed(budget, steps):
    config = TrainConfig(**budget)
    assert config.steps_for({"tokens": 64, "images": 8}) == steps
    assert config.open_ended == (not budget)


def test_a_budget_in_what_the_task_does_not_count_is_refused():
    with pytest.raises(UsageError, match=r"train\.images: this task counts in tokens"):
        TrainConfig(images=5).steps_for({"tokens": 64})


def test_two_budgets_are_one_too_many():
    with pytest.raises(ValueError, match="not images and minutes"):
        TrainConfig(images=5, minutes=1)
