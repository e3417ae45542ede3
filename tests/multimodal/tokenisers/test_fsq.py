"""Codes on a grid: numbers and levels are the same thing, all can be reached, and gradients pass through."""

from math import prod

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.multimodal.tokenisers.fsq import FSQ, LEVELS
from zaohua.multimodal.tokenisers.usage import code_usage

some_levels = st.lists(st.integers(2, 9), min_size=1, max_size=4)


@given(some_levels)
def test_every_number_is_one_place_on_the_grid_and_back(levels):
    """ids -> values -> the z that lies there -> ids, for all of them, and no two in one place."""
    quantiser = FSQ(levels)
    ids = torch.arange(prod(levels))
    values = quantiser.values(ids)  # [codes, D]
    counts = torch.tensor(levels)
    place = (values + 1) / 2 * (counts - 1)
    assert torch.equal(place.round().unique(dim=0), place.round().unique(dim=0).clamp(min=0).minimum(counts - 1))
    assert len(place.round().unique(dim=0)) == len(ids)
    z = torch.logit((place + 0.5) / counts)
    assert torch.equal(quantiser.ids(z), ids)
    torch.testing.assert_close(quantiser(z), values)


@given(some_levels, st.integers(0, 2**31 - 1))
def test_what_the_decoder_sees_is_what_the_numbers_say(levels, seed):
    """Whatever is quantised, even far out: forward(z) is values(ids(z)), and ids are below the number of codes."""
    quantiser = FSQ(levels)
    z = torch.randn(3, len(levels), 4, 2, generator=torch.Generator().manual_seed(seed)) * 50
    ids = quantiser.ids(z)
    assert ids.shape == (3, 4, 2)
    assert 0 <= int(ids.min()) <= int(ids.max()) < quantiser.codes == prod(levels)
    torch.testing.assert_close(quantiser(z), quantiser.values(ids))


def test_numbers_are_counted_in_a_mixed_radix():
    """The definition, in plain loops: the first number of a code is the lowest digit."""
    quantiser = FSQ((3, 4, 2))
    for number in range(24):
        levels, rest = [], number
        for count in (3, 4, 2):
            levels.append(2 * (rest % count) / (count - 1) - 1)
            rest //= count
        assert quantiser.values(torch.tensor([number]))[0].tolist() == pytest.approx(levels)


def test_each_level_is_equally_wide():
    """Of evenly spread σ(z) each level gets its share."""
    quantiser = FSQ((5,))
    ids = quantiser.ids(torch.logit(torch.linspace(0.0005, 0.9995, 1000))[:, None])
    assert torch.bincount(ids).tolist() == [200] * 5


def test_the_gradient_passes_as_if_nothing_were_rounded():
    quantiser = FSQ(LEVELS)
    z = torch.randn(2, 4, 3, 3, requires_grad=True)
    weights = torch.randn(2, 4, 3, 3)
    (quantiser(z) * weights).sum().backward()
    smooth = z.detach().clone().requires_grad_()
    counts = torch.tensor(LEVELS).view(1, 4, 1, 1)
    ((2 * (torch.sigmoid(smooth) * counts - 0.5) / (counts - 1) - 1) * weights).sum().backward()
    torch.testing.assert_close(z.grad, smooth.grad)


def test_the_papers_levels_are_a_thousand_codes():
    assert FSQ().codes == 1000


def test_usage_tells_a_wide_choice_from_a_narrow_one():
    assert code_usage(torch.arange(8).repeat(3), 8) == pytest.approx({"codes_used": 1.0, "code_perplexity": 8.0})
    assert code_usage(torch.zeros(5, dtype=torch.int64), 8) == pytest.approx(
        {"codes_used": 1 / 8, "code_perplexity": 1.0}
    )
    halves = code_usage(torch.tensor([0, 1, 1, 1]), 4)
    assert halves["code_perplexity"] == pytest.approx(
        torch.exp(torch.distributions.Categorical(torch.tensor([0.25, 0.75])).entropy()).item()
    )
