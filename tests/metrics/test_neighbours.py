"""Balls around samples against the definitions in loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics import neighbours
from zaohua.metrics.neighbours import nearer_than_held_out, nearest, precision_recall_density_coverage

seeds = st.integers(0, 2**32 - 1)


def distance(x, y):
    return float(np.sqrt(np.square(x - y).sum()))


def by_definition(real, fake, k):
    def radius(samples, i):
        return sorted(distance(samples[i], other) for j, other in enumerate(samples) if j != i)[k - 1]

    real_radii, fake_radii = ([radius(x, i) for i in range(len(x))] for x in (real, fake))
    inside = [[distance(r, f) < radius for r, radius in zip(real, real_radii, strict=True)] for f in fake]
    return {
        "precision": sum(map(any, inside)) / len(fake),
        "recall": sum(any(distance(r, f) < d for f, d in zip(fake, fake_radii, strict=True)) for r in real) / len(real),
        "density": sum(map(sum, inside)) / (k * len(fake)),
        "coverage": sum(map(any, zip(*inside, strict=True))) / len(real),
    }


@given(seeds, st.integers(1, 3), st.integers(4, 9), st.integers(4, 9))
def test_all_four_are_their_definitions(seed, k, reals, fakes):
    draw = np.random.default_rng(seed)
    real, fake = draw.normal(size=(reals, 3)), draw.normal(size=(fakes, 3)) + 0.5
    found = precision_recall_density_coverage(real, fake, k=k)
    assert found == pytest.approx(by_definition(real, fake, k))


@given(seeds)
def test_chunks_change_nothing(seed):
    draw = np.random.default_rng(seed)
    real, fake = draw.normal(size=(40, 4)), draw.normal(size=(25, 4))
    whole = precision_recall_density_coverage(real, fake), nearest(fake, real)
    done = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "_CHUNK", 100)
        parts = precision_recall_density_coverage(real, fake, on_progress=lambda *now: done.append(now))
        distances, numbers = nearest(fake, real)
    assert parts == whole[0]
    assert numbers.tolist() == whole[1][1].tolist()
    assert distances == pytest.approx(whole[1][0])
    assert done == sorted(done)
    assert done[-1] == (105, 105)


def test_one_outlier_raises_recall_of_nothing_and_lost_modes_are_seen():
    draw = np.random.default_rng(0)
    modes = np.array([[0.0, 0.0], [50.0, 0.0]])
    real = np.concatenate([mode + draw.normal(size=(200, 2)) for mode in modes])
    same = np.concatenate([mode + draw.normal(size=(200, 2)) for mode in modes])
    lost = draw.normal(size=(400, 2))  # good samples of the first mode alone
    both, one = (precision_recall_density_coverage(real, fake) for fake in (same, lost))
    assert min(both["precision"], both["recall"], both["coverage"]) > 0.9
    assert one["precision"] > 0.9
    assert one["recall"] < 0.55
    assert one["coverage"] < 0.55
    far = precision_recall_density_coverage(real, same + 1000.0)
    assert set(far.values()) == {0.0}


def test_the_nearest_is_found_far_from_the_origin():
    draw = np.random.default_rng(1)
    among = draw.normal(size=(30, 5)) + 1e4
    distances, numbers = nearest(among[[3, 7]] + 1e-3, among)
    assert numbers.tolist() == [3, 7]
    assert distances == pytest.approx([1e-3 * np.sqrt(5)] * 2, rel=1e-3)


def test_copies_are_more_than_chance():
    draw = np.random.default_rng(2)
    train, held_out, fresh = draw.normal(size=(3, 500, 6))
    copies = np.concatenate([train[:100] + 1e-3, fresh[:400]])
    unseen = nearest(held_out, train)[0]
    assert nearer_than_held_out(nearest(copies, train)[0], unseen) > 0.19
    assert nearer_than_held_out(nearest(fresh, train)[0], unseen) < 0.05
