"""A fresh classifier tells what can be told and nothing else."""

import pytest
import torch

from zaohua.errors import ZaohuaError
from zaohua.judges.fit import accuracy, fit_classifier
from zaohua.judges.realism import realism, realism_report


def pictures(count: int, seed: int, tint: int = 0) -> torch.Tensor:
    """Noise of 8 × 8 blocks; with a tint, brighter."""
    draw = torch.Generator().manual_seed(seed)
    blocks = torch.randint(0, 200, (count, 1, 2, 2), generator=draw) + tint
    return blocks.repeat_interleave(8, 2).repeat_interleave(8, 3).byte()


def test_the_same_kind_cannot_be_told_apart_and_another_can():
    report = realism_report(pictures(400, 0), pictures(400, 1), steps=60)
    assert abs(report["value"] - 0.5) < 5 * report["error"]
    assert abs(report["floor"] - 0.5) < 5 * report["error"] * 2**0.5
    assert report["error"] == pytest.approx(0.5 / 200**0.5)
    assert realism(pictures(400, 0), pictures(400, 1, tint=55), steps=60) > 0.7
    checked = pictures(400, 1)
    checked[..., ::2, ::2] //= 2  # the artefact of a careless generator
    assert realism(pictures(400, 0), checked, steps=60) > 0.95


def test_it_repeats_and_shows_its_progress():
    done = []
    report = realism_report(pictures(40, 0), pictures(30, 1), steps=3, on_progress=lambda *now: done.append(now))
    assert report == realism_report(pictures(40, 0), pictures(30, 1), steps=3)
    assert done == sorted(done)
    assert done[-1][0] == done[-1][1]


def test_too_few_pictures_say_how_many_are_needed():
    with pytest.raises(ZaohuaError, match="16"):
        realism(pictures(15, 0), pictures(100, 1))


def test_a_classifier_learns_and_does_not_depend_on_what_was_drawn_before():
    x = torch.cat([pictures(60, 0), pictures(60, 1, tint=55)]).float() / 127.5 - 1
    labels = torch.arange(2).repeat_interleave(60)
    first = fit_classifier(x, labels, classes=2, epochs=12, batch=20, shift=1)
    torch.rand(10)
    second = fit_classifier(x, labels, classes=2, epochs=12, batch=20, shift=1)
    assert torch.equal(first.classifier.weight, second.classifier.weight)
    assert accuracy(first, x, labels) > 0.8
