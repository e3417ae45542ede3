"""Classes that were asked for are recognised as well as they can be."""

import numpy as np
import pytest
import torch

from zaohua.judges.agreement import agreement_report

CLASSES, SIZE = 5, 12


def features(count: int, seed: int, apart: float) -> tuple[np.ndarray, torch.Tensor]:
    """Points around one centre for each class; apart: how far the centres lie from each other, in their spread."""
    centres = np.random.default_rng(0).normal(size=(CLASSES, SIZE)) * apart
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, CLASSES, count)
    return (centres[labels] + draw.normal(size=(count, SIZE))).astype(np.float32), torch.from_numpy(labels)


@pytest.mark.parametrize(("apart", "least", "most"), [(4.0, 0.98, 1.0), (0.0, 0.1, 0.3)])
def test_classes_that_lie_apart_are_told_apart(apart, least, most):
    found = agreement_report(features(400, 1, apart), features(1000, 2, apart), features(1000, 3, apart))
    assert least <= found["value"] <= most
    assert least <= found["floor"] <= most


def test_it_is_as_good_as_logistic_regression_elsewhere():
    linear = pytest.importorskip("sklearn.linear_model")
    learnt, unseen = features(300, 1, 0.7), features(3000, 2, 0.7)
    other = linear.LogisticRegression(max_iter=500).fit(learnt[0], learnt[1].numpy())
    ours = agreement_report(learnt, unseen, unseen)["value"]
    assert ours == pytest.approx(other.score(unseen[0], unseen[1].numpy()), abs=0.02)


def test_what_was_made_as_another_class_counts_against_it():
    learnt, made = features(400, 1, 4.0), features(300, 2, 4.0)
    other = (made[1] + 1) % CLASSES
    assert agreement_report(learnt, (made[0], other), made)["value"] < 0.02
    half = torch.where(torch.arange(300) < 150, made[1], other)
    assert agreement_report(learnt, (made[0], half), made)["value"] == pytest.approx(0.5, abs=0.02)
