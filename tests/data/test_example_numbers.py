"""The order of examples of different lengths: every one once an epoch, alike lengths together."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.data.order import example_numbers


@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 2**40))
def test_epochs_visit_every_example_once(count, batch, seed):
    lengths = np.random.default_rng(0).integers(1, 100, count)
    together = max(1, min(8, count // batch))
    steps = together * count  # whole pools that make up whole epochs
    seen = np.concatenate([example_numbers(seed, step, batch, lengths) for step in range(steps)])
    assert (np.bincount(seen, minlength=count) == steps * batch // count).all()


def test_batches_hold_texts_of_like_length_and_come_in_no_order():
    lengths = np.random.default_rng(0).integers(1, 100, 4096)
    batches = [lengths[example_numbers(3, step, 32, lengths)] for step in range(64)]
    assert np.mean([np.ptp(batch) for batch in batches]) < 20
    means = [batch.mean() for batch in batches]
    assert abs(np.corrcoef(np.arange(64) % 8, means)[0, 1]) < 0.4
    again = example_numbers(3, 17, 32, lengths)
    assert (again == example_numbers(3, 17, 32, lengths)).all()
    assert (np.sort(again) != np.sort(example_numbers(4, 17, 32, lengths))).any()
