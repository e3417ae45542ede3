"""Learning-rate factors over a run."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.training.config import TrainConfig
from zaohua.training.schedules import factor

configs = st.builds(
    TrainConfig,
    schedule=st.sampled_from(["wsd", "cosine", "constant"]),
    warmup=st.integers(0, 50),
    decay=st.floats(0, 1),
    final=st.floats(0, 1),
)


@given(configs, st.integers(1, 500))
def test_factors_stay_between_zero_and_one_and_never_stop_the_first_step(config, total):
    values = [factor(config, step, total) for step in range(total)]
    assert all(0 <= value <= 1 for value in values)
    assert values[0] > 0


@given(configs, st.integers(20, 500))
def test_warm_up_rises_and_the_rest_never_rises(config, total):
    values = [factor(config, step, total) for step in range(total)]
    warm = min(config.warmup, total // 2)
    assert all(a < b + 1e-12 for a, b in pairwise(values[:warm]))
    assert all(a >= b - 1e-12 for a, b in pairwise(values[warm:]))


@pytest.mark.parametrize(
    ("schedule", "middle", "last"),
    [
        ("wsd", 1.0, 0.1 + 0.9 / 501),  # in 501 equal parts from step 499, the last one left at the end
        ("cosine", 0.55 + 0.45 * math.cos(math.pi * 489 / 989), 0.1),  # half a wave over the 989 steps from step 10
    ],
)
def test_a_long_run_ends_near_the_final_factor(schedule, middle, last):
    config = TrainConfig(schedule=schedule, warmup=10, decay=0.5, final=0.1)
    assert factor(config, 499, 1000) == pytest.approx(middle, abs=1e-12)
    assert factor(config, 999, 1000) == pytest.approx(last, abs=1e-12)
    assert factor(TrainConfig(schedule="wsd", warmup=10, decay=0.5), 400, 1000) == 1.0
