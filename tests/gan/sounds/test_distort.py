"""What the discriminator hears sounds through."""

import pytest
import torch

from zaohua.gan.sounds.distort import distort
from zaohua.seeding import sample_keys

SILENCE = torch.tensor(-1.0)
KEYS = sample_keys(1, 0, torch.arange(400))
SHAPES = {"wave": (400, 64), "spectrum": (400, 4, 16, 64)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_strength_0_leaves_everything(shape):
    x = torch.randn(shape)
    assert torch.equal(distort(x, KEYS, 0.0, SILENCE), x)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_value_is_silence_or_one_from_an_eighth_of_the_time_away(shape):
    x = torch.arange(64).float().expand(shape)
    found = distort(x, KEYS, 1.0, SILENCE)
    moved = (found - x)[found >= 0]
    assert moved.abs().max() == 8
    assert {round(value) for value in moved.unique().tolist()} == set(range(-8, 9))
    cut = (found < 0).float().flatten(1).mean(1)
    assert cut.max() < (0.8 if len(shape) == 4 else 0.5)
    assert cut.mean() > 0.1


def test_each_comes_as_often_as_its_strength():
    x = torch.randn(400, 4, 16, 64) + 9  # nowhere silent
    found = distort(x, KEYS, 0.5, SILENCE)
    gone = found == -1
    in_time, in_frequency = gone.all((1, 2)).any(1), gone.all((1, 3)).any(1)
    untouched = (found == x).all(1).all(1).all(1).float().mean()
    assert in_frequency.float().mean() == pytest.approx(0.5, abs=0.1)
    assert in_time.float().mean() > 0.5, "by a gap or by a move"
    assert 0.05 < untouched < 0.25


def test_a_sample_is_distorted_by_its_key_alone_and_lets_gradients_through():
    x = torch.randn(400, 4, 16, 64, requires_grad=True)
    found = distort(x, KEYS, 0.7, SILENCE)
    assert torch.equal(found[100:200], distort(x[100:200], KEYS[100:200], 0.7, SILENCE))
    found.sum().backward()
    assert x.grad.isfinite().all()
    assert (x.grad.flatten(1).sum(1) > 0).all()
