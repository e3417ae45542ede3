"""Dropping modalities on purpose."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.multimodal.fusion import ModalityDropout
from zaohua.seeding import sample_keys


def batch(count: int = 400):
    feats = {"image": torch.randn(count, 1, 2), "audio": torch.randn(count, 5, 3), "text": torch.randn(count, 2, 4)}
    masks = {"audio": torch.ones(count, 5, dtype=torch.bool)}
    masks["audio"][: count // 4] = False
    masks["audio"][:, 3:] = False
    return feats, masks


KEYS = sample_keys(3, 7, torch.arange(400))


def test_a_modality_goes_whole_or_stays_as_it_is():
    feats, masks = batch()
    left = ModalityDropout(0.4)(feats, masks, KEYS)
    before = ModalityDropout(0.4)(feats, masks, None)
    for name in feats:
        gone = ~left[name].any(-1)
        assert torch.equal(left[name][~gone], before[name][~gone])
        assert gone.any()
        assert not gone.all()
    assert torch.equal(before["audio"], masks["audio"])
    assert before["image"].all()


@given(p=st.floats(0, 1), seed=st.integers(0, 2**31))
def test_one_that_was_there_is_kept(p, seed):
    feats, masks = batch(16)
    left = ModalityDropout(p)(feats, masks, sample_keys(seed, 0, torch.arange(16)))
    there = torch.stack([mask.any(-1) for mask in left.values()])
    assert there.any(0).all()
    assert not left["audio"][:4].any()
    if p == 1:
        assert (there.sum(0) == 1).all()


def test_without_keeping_one_all_may_go():
    feats, masks = batch()
    left = ModalityDropout(0.9, keep_one=False)(feats, masks, KEYS)
    gone = ~torch.stack([mask.any(-1) for mask in left.values()]).any(0)
    share = gone.float().mean().item()
    assert share == pytest.approx(0.9**3 * 0.75 + 0.9**2 * 0.25, abs=0.06)


def test_it_is_a_function_of_the_sample():
    feats, masks = batch()
    drop = ModalityDropout(0.5)
    whole = drop(feats, masks, KEYS)
    rows = torch.tensor([399, 5, 17])
    some = drop({k: x[rows] for k, x in reversed(feats.items())}, {k: m[rows] for k, m in masks.items()}, KEYS[rows])
    assert all(torch.equal(some[name], whole[name][rows]) for name in feats)
    other = ModalityDropout(0.5, site=1)(feats, masks, KEYS)
    assert not torch.equal(other["image"], whole["image"])


def test_a_probability_is_one():
    with pytest.raises(ValueError, match="probability"):
        ModalityDropout(1.5)
