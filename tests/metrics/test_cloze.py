"""Counting baselines of hidden tokens, beside sums written out."""

import numpy as np
import pytest
import torch

from zaohua.metrics.cloze import cloze_baselines
from zaohua.metrics.ngram import WittenBell

MASK = 5  # tokens 0 … 4 are ordinary


def test_both_sides_are_multiplied():
    draw = np.random.default_rng(0)
    train = draw.integers(0, 5, 300)
    row = draw.integers(0, 5, 12)
    inputs, targets = row.copy(), np.full(12, -100)
    for place in (0, 4, 5, 11):
        inputs[place], targets[place] = MASK, row[place]
    ordinary = np.arange(6) < 5
    found = cloze_baselines(train, [(torch.tensor(inputs[None]), torch.tensor(targets[None]))], 6, ordinary)
    left, right = WittenBell.fit(train, 6, 3), WittenBell.fit(train[::-1].copy(), 6, 3)
    alone = left.probabilities(np.array([], np.int64))
    sides = {  # what stands before and, read backwards, after each hidden place, as far as it is known
        0: ([], row[1:4][::-1]),
        4: (row[1:4], []),
        5: ([], row[6:11][::-1]),
        11: (row[6:11], []),
    }
    nats = 0.0
    for place, (before, after) in sides.items():
        scores = [
            left.probabilities(np.array(before, np.int64))[w]
            * right.probabilities(np.array(after, np.int64))[w]
            / alone[w]
            for w in range(5)
        ]
        nats -= np.log(scores[row[place]] / sum(scores))
    assert found["ngram"]["loss"] == pytest.approx(nats / 4)
    unigram = np.mean([-np.log(alone[row[place]] / alone[:5].sum()) for place in sides])
    assert found["unigram"]["loss"] == pytest.approx(unigram)
    assert found["places"] == 4
