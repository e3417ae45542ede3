"""Distances of two clouds of features against their definitions, known answers, and SciPy's root of a matrix."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from zaohua.metrics.distances import frechet_distance, inception_style_score, kernel_distance, moments

seeds = st.integers(0, 2**32 - 1)


def cloud(seed: int, count: int, width: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return draw.normal(size=(count, width)) @ draw.normal(size=(width, width)) + draw.normal(size=width)


@given(seeds, st.integers(1, 6))
def test_frechet_is_its_formula(seed, width):
    a, b = cloud(seed, 30, width), cloud(seed + 1, 40, width)
    first, second = (np.cov(x, rowvar=False).reshape(width, width) for x in (a, b))
    root = sqrtm(first @ second)
    wanted = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(first + second - 2 * root).real
    assert frechet_distance(moments(a), moments(b)) == pytest.approx(wanted, rel=1e-6, abs=1e-8)


def test_frechet_of_gaussians_along_the_axes():
    """(μ - ν)² + (σ - τ)² in each direction."""
    draw = np.random.default_rng(0)
    base = draw.normal(size=(500, 3))
    base = (base - base.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(base, rowvar=False))).T  # exactly white
    scale, move = np.array([1.0, 2.0, 0.5]), np.array([0.0, 3.0, -1.0])
    found = frechet_distance(moments(base), moments(base * scale + move))
    assert found == pytest.approx(np.square(move).sum() + np.square(scale - 1).sum())


@given(seeds, st.integers(2, 12))
def test_frechet_with_fewer_samples_than_features_is_zero_to_itself_and_the_same_both_ways(seed, count):
    a, b = cloud(seed, count, 20), cloud(seed + 1, count + 3, 20)
    assert frechet_distance(moments(a), moments(a)) == pytest.approx(0, abs=1e-9 * np.square(a).sum())
    there, back = frechet_distance(moments(a), moments(b)), frechet_distance(moments(b), moments(a))
    assert there == pytest.approx(back)
    assert there > 0
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(20, 20)))[0]
    assert frechet_distance(moments(a @ turn), moments(b @ turn)) == pytest.approx(there)


@given(seeds, st.integers(2, 7))
def test_kernel_distance_is_its_definition_in_loops(seed, count):
    a, b = cloud(seed, count, 3), cloud(seed + 1, count, 3)

    def kernel(x, y):
        return (sum(p * q for p, q in zip(x, y, strict=True)) / 3 + 1) ** 3

    pairs = [(i, j) for i in range(count) for j in range(count)]
    apart = [(i, j) for i, j in pairs if i != j]
    wanted = sum(kernel(a[i], a[j]) + kernel(b[i], b[j]) for i, j in apart) / len(apart)
    wanted -= 2 * sum(kernel(a[i], b[j]) for i, j in pairs) / len(pairs)
    value, spread = kernel_distance(a, b)
    assert value == pytest.approx(wanted, rel=1e-6, abs=1e-8)
    assert spread == 0


def test_kernel_distance_is_unbiased_where_frechet_is_not():
    draw = np.random.default_rng(0)
    found = [kernel_distance(*draw.normal(size=(2, 40, 4)))[0] for _ in range(300)]
    assert abs(np.mean(found)) < 4 * np.std(found) / math.sqrt(len(found))
    a, b = draw.normal(size=(2, 400, 4))
    value, spread = kernel_distance(a, b + 1, block=40, blocks=50)
    assert value > 5 * spread / math.sqrt(50) > 0
    assert kernel_distance(a, b + 1, block=40, blocks=50) == (value, spread)


@given(seeds, st.integers(2, 5))
def test_inception_style_score_is_its_definition_in_loops(seed, classes):
    p = np.random.default_rng(seed).dirichlet(np.ones(classes), 12)
    scores = []
    for part in (p[:6], p[6:]):
        kl = [sum(row[c] * math.log(row[c] / part[:, c].mean()) for c in range(classes)) for row in part]
        scores.append(math.exp(sum(kl) / len(kl)))
    value, spread = inception_style_score(p, splits=2)
    assert value == pytest.approx(np.mean(scores))
    assert spread == pytest.approx(np.std(scores))


def test_inception_style_score_runs_from_one_to_the_number_of_classes():
    sure_and_even = np.eye(5)[np.arange(50) % 5]
    assert inception_style_score(sure_and_even)[0] == pytest.approx(5)
    assert inception_style_score(sure_and_even[:1].repeat(50, 0))[0] == pytest.approx(1)
    assert inception_style_score(np.full((50, 5), 0.2))[0] == pytest.approx(1)
