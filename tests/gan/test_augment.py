"""Distortions: the same for the same keys, none at strength 0, and nothing made up."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.gan.augment import augment, flip
from zaohua.seeding import sample_keys


def keys(count: int, seed: int = 1) -> torch.Tensor:
    return sample_keys(seed, 0, torch.arange(count))


def pictures(count: int, side: int = 16) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0)) + 1  # nowhere 0


@given(st.integers(0, 100))
def test_a_key_decides_whatever_stands_beside_it(seed):
    x, k = pictures(6), keys(6, seed)
    whole = augment(flip(x, k), k, 0.6)
    parts = [augment(flip(x[i : i + 2], k[i : i + 2]), k[i : i + 2], 0.6) for i in (0, 2, 4)]
    assert torch.equal(whole, torch.cat(parts))


def test_strength_is_the_share_of_pictures_that_change():
    x, k = pictures(1).expand(4000, -1, -1, -1), keys(4000)
    assert torch.equal(augment(x, k, 0.0), x)
    changed = (augment(x, k, 0.5) != x).flatten(1).any(1).float().mean().item()
    assert 0.7 < changed < 0.78  # 1 - (1 - 0.5 × 24/25) (1 - 0.5)
    mirrored = (flip(x, k) != x).flatten(1).any(1).float().mean().item()
    assert 0.47 < mirrored < 0.53


def test_what_is_left_is_where_it_was_or_moved_as_a_whole():
    """Every number of a distorted picture is 0 or one of its own channel, at one distance for all."""
    x, k = pictures(50), keys(50)
    for before, after in zip(x, augment(x, k, 1.0), strict=True):
        kept = after.nonzero()
        channel, row, column = kept[len(kept) // 2]
        found = (before[channel] == after[channel, row, column]).nonzero()
        assert len(found) == 1
        down, right = row - found[0, 0], column - found[0, 1]
        assert max(abs(down), abs(right)) <= 2
        for c, i, j in kept[::7]:
            assert after[c, i, j] == before[c, i - down, j - right]


def test_the_hole_lies_anywhere_and_has_half_the_side():
    x, k = torch.ones(3000, 1, 16, 16), keys(3000)
    gone = 1 - augment(x, k, 1.0).mean(0)[0]  # how often each place is 0
    assert gone[4:12, 4:12].min() > 0.15
    assert gone.max() < 0.75  # in the corners, out of which pictures move as well


def test_gradients_flow_through_what_is_left():
    x = pictures(3).requires_grad_()
    seen = augment(x, keys(3), 1.0)
    seen.sum().backward()
    assert torch.equal(x.grad.sum((1, 2, 3)), (seen != 0).sum((1, 2, 3)).float())
