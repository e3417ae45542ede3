"""Randomness as a function of keys: independent of company, and as random as it claims to be."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.seeding import dropout, mix, normal, sample_keys, uniform

seeds = st.integers(0, 2**63 - 1)


def lowbias32(x: int) -> int:
    """The published hash in plain integers."""
    x ^= x >> 16
    x = x * 0x7FEB352D & 0xFFFFFFFF
    x ^= x >> 15
    x = x * 0x846CA68B & 0xFFFFFFFF
    return x ^ x >> 16


@given(st.integers(0, 2**32 - 1))
def test_mix_is_lowbias32(value):
    signed = value - (1 << 32) if value >= 1 << 31 else value
    assert mix(torch.tensor([signed], dtype=torch.int32)).item() & 0xFFFFFFFF == lowbias32(value)


@given(seeds, st.integers(0, 2**40), st.integers(1, 40), st.data())
def test_keys_do_not_depend_on_the_rest_of_the_batch(seed, step, size, data):
    whole = sample_keys(seed, step, torch.arange(size))
    part = data.draw(st.lists(st.integers(0, size - 1), min_size=1))
    assert torch.equal(sample_keys(seed, step, torch.tensor(part)), whole[part])
    assert torch.equal(uniform(whole[part], 9, 3), uniform(whole, 9, 3)[part])
    assert torch.equal(uniform(whole, 4), uniform(whole, 9)[:, :4])


def test_every_part_of_the_key_counts():
    indices = torch.arange(1000)
    keys = [
        sample_keys(1, 1, indices),
        sample_keys(2, 1, indices),
        sample_keys(1 + (1 << 32), 1, indices),
        sample_keys(1, 2, indices),
        sample_keys(1, 1, indices, stream=1),
        sample_keys(1, 1, indices + 1000),
    ]
    together = torch.cat(keys)
    assert len(together.unique()) >= len(together) - 10  # 6,000 draws of 2^32: 0.004 collisions expected
    for one, other in pairwise(keys):
        assert (one == other).sum() <= 2


def test_uniform_numbers_are_inside_the_open_interval(monkeypatch):
    words = torch.tensor([[0, 1, -1, 2**31 - 1, -(2**31), 255]], dtype=torch.int32)
    monkeypatch.setattr("zaohua.seeding._bits", lambda *_: words)
    drawn = uniform(torch.zeros(1, dtype=torch.int32), 6)
    assert drawn.min() > 0
    assert drawn.max() < 1


@pytest.mark.parametrize("seed", [0, 1])
def test_uniform_and_normal_have_their_moments(seed):
    keys = sample_keys(seed, 0, torch.arange(1000))
    drawn = uniform(keys, 1000).double()
    # A mean of a million uniform numbers is off by 0.0003 on average.
    assert drawn.mean().item() == pytest.approx(0.5, abs=0.0015)
    assert drawn.var().item() == pytest.approx(1 / 12, abs=0.0005)
    counts = torch.histc(drawn, 100, 0, 1)
    chi_squared = ((counts - 10_000) ** 2 / 10_000).sum().item()
    assert 40 < chi_squared < 200  # 99 degrees of freedom
    assert abs(torch.corrcoef(drawn[:, :2].T)[0, 1]) < 0.15
    assert abs((drawn[:-1] * drawn[1:]).mean() - 0.25) < 0.002
    gauss = normal(keys, 1000).double()
    assert gauss.mean().item() == pytest.approx(0, abs=0.005)
    assert gauss.var().item() == pytest.approx(1, abs=0.01)
    assert (gauss**4).mean().item() == pytest.approx(3, abs=0.05)
    assert (gauss.abs() > 4).sum() < 200  # 63 expected


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 0.9), seeds)
def test_dropout_drops_its_share_and_keeps_the_mean(p, seed):
    keys = sample_keys(seed, 3, torch.arange(8))
    out = dropout(torch.ones(8, 64, 64), p, keys, site=1)
    dropped = (out == 0).float()
    assert dropped.mean().item() == pytest.approx(p, abs=0.02)
    kept = out[out != 0]
    assert torch.allclose(kept, torch.full_like(kept, 1 / (1 - p)))
    # No sample, position or channel is favoured: each has its share within six standard deviations.
    for dims, count in (((1, 2), 4096), ((0, 2), 512), ((0, 1), 512)):
        spread = 6 * (p * (1 - p) / count) ** 0.5
        assert (dropped.mean(dims) - p).abs().max() < spread + 0.01


def test_dropout_masks_depend_on_key_and_site_alone():
    keys = sample_keys(1, 1, torch.arange(4))
    x = torch.ones(4, 16, 32)
    whole = dropout(x, 0.5, keys, site=2)
    assert torch.equal(dropout(x[2:], 0.5, keys[2:], site=2), whole[2:])
    assert not torch.equal(dropout(x, 0.5, keys, site=3), whole)
    assert not torch.equal(whole[0], whole[1])
    assert dropout(x, 0.5, None, site=2) is x
    assert dropout(x, 0.0, keys, site=2) is x
