"""Filters against their definitions, and against transformers' processors."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.sampling import (
    SamplingConfig,
    choose,
    filter_logits,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    penalise,
)

numbers = st.floats(-20, 20, width=32)
rows = st.lists(numbers, min_size=1, max_size=40).map(lambda values: torch.tensor([values]))
# Few different values: most rows have ties.
tied_rows = st.lists(st.sampled_from([-2.0, 0.0, 0.5, 3.0]), min_size=1, max_size=30).map(lambda v: torch.tensor([v]))
either = rows | tied_rows
shares = st.floats(0.01, 1.0)


def kept(logits: torch.Tensor) -> list[int]:
    return logits[0].isfinite().nonzero()[:, 0].tolist()


@given(either, st.integers(1, 50))
def test_top_k_keeps_exactly_k_of_the_largest_lowest_ids_first(logits, k):
    values = logits[0].tolist()
    expected = sorted(sorted(range(len(values)), key=lambda i: (-values[i], i))[:k])
    out = keep_top_k(logits, k)
    assert kept(out) == expected
    assert torch.equal(out[0, expected], logits[0, expected])


@given(either, shares)
def test_top_p_keeps_a_smallest_set(logits, p):
    probabilities = logits[0].double().softmax(-1)
    chosen = kept(keep_top_p(logits, p))
    mass = probabilities[chosen].sum().item()
    assert chosen
    assert mass >= p - 1e-5
    assert mass - probabilities[chosen].min().item() < p + 1e-5  # one fewer would not do
    left_out = probabilities[[i for i in range(len(probabilities)) if i not in chosen]]
    assert left_out.numel() == 0 or left_out.max() <= probabilities[chosen].min()


@given(either, st.floats(0, 1))
def test_min_p_is_a_share_of_the_best(logits, p):
    probabilities = logits[0].softmax(-1)
    assert kept(keep_min_p(logits, p)) == (probabilities >= p * probabilities.max()).nonzero()[:, 0].tolist()


configs = st.builds(
    SamplingConfig,
    temperature=st.floats(0.01, 5),
    top_k=st.none() | st.integers(1, 50),
    top_p=st.none() | shares,
    min_p=st.none() | st.floats(0, 1),
)


@settings(max_examples=200)
@given(either, configs)
def test_something_is_always_left_and_it_holds_the_best(logits, config):
    left = kept(filter_logits(logits, config))
    assert left
    assert max(logits[0, left].tolist()) == logits.max().item()


@pytest.mark.parametrize("seed", range(8))
def test_same_distribution_as_transformers(seed):
    """The order of the filters matters; these settings would tell another order."""
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(4, 200, generator=generator)
    config = SamplingConfig(temperature=0.6 + 0.2 * seed, top_k=40, top_p=0.8, min_p=0.04)
    expected = logits
    for processor in (
        TemperatureLogitsWarper(config.temperature),
        TopKLogitsWarper(config.top_k),
        TopPLogitsWarper(config.top_p),
        MinPLogitsWarper(config.min_p),
    ):
        expected = processor(None, expected)
    ours = filter_logits(logits, config)
    assert torch.equal(ours.isfinite(), expected.isfinite())
    assert 1 < ours.isfinite().sum(-1).float().mean() < 40
    assert torch.allclose(ours.softmax(-1), expected.softmax(-1), atol=1e-6)


@given(st.floats(0.2, 3), st.integers(0, 1000))
def test_repetition_penalty_as_transformers(penalty, seed):
    generator = torch.Generator().manual_seed(seed)
    logits, ids = torch.randn(2, 30, generator=generator), torch.randint(0, 30, (2, 7), generator=generator)
    seen = torch.zeros(2, 30, dtype=torch.bool).scatter_(1, ids, True)
    ours = penalise(logits, seen, torch.zeros(2, 30), SamplingConfig(repetition_penalty=penalty))
    assert torch.allclose(ours, RepetitionPenaltyLogitsProcessor(penalty)(ids, logits.clone()))


def test_presence_and_frequency_penalties_by_definition():
    logits = torch.tensor([[1.0, 2.0, 3.0]])
    counts = torch.tensor([[0.0, 1.0, 4.0]])
    config = SamplingConfig(presence_penalty=0.5, frequency_penalty=0.25)
    ours = penalise(logits, torch.ones(1, 3, dtype=torch.bool), counts, config)
    assert ours.tolist() == [[1.0, 2.0 - 0.5 - 0.25, 3.0 - 0.5 - 1.0]]


@given(tied_rows, st.floats(0.001, 0.999))
def test_greedy_takes_the_best_and_the_lowest_id_of_equals(logits, u):
    values = logits[0].tolist()
    assert choose(logits, torch.tensor([u]), SamplingConfig(temperature=0)) == [values.index(max(values))]


@given(rows, st.floats(1e-300, 1e-8), st.floats(0.001, 0.999))
def test_the_smallest_temperatures_are_greedy_too(logits, temperature, u):
    chosen = choose(logits, torch.tensor([u]), SamplingConfig(temperature=temperature))[0]
    assert logits[0, chosen] >= logits.max() - 1e-4


def test_draws_have_the_right_frequencies():
    """Equally spaced numbers are inverted to the cumulative distribution itself."""
    logits = torch.tensor([[0.3, -1.0, -math.inf, 2.0, 0.0]])
    count = 10_000
    uniform = (torch.arange(count) + 0.5) / count
    drawn = torch.tensor(choose(logits.expand(count, -1), uniform, SamplingConfig(temperature=1)))
    frequencies = torch.bincount(drawn, minlength=5) / count
    assert (frequencies - logits[0].softmax(-1)).abs().max() <= 1.5 / count
    assert frequencies[2] == 0


@pytest.mark.parametrize("u", [0.0, 1e-30, 1 - 2**-24])
def test_a_blocked_token_is_never_drawn(u):
    logits = torch.tensor([[-math.inf, 0.0, -math.inf, 0.0, -math.inf]])
    assert choose(logits, torch.tensor([u]), SamplingConfig(temperature=1))[0] in (1, 3)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_not_a_number_is_refused(value, temperature):
    logits = torch.tensor([[0.0, value, 1.0]])
    with pytest.raises(ZaohuaError, match="not a number"):
        choose(logits, torch.tensor([0.5]), SamplingConfig(temperature=temperature))


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -0.1},
        {"temperature": math.nan},
        {"temperature": math.inf},
        {"top_k": 0},
        {"top_p": 0.0},
        {"top_p": 1.01},
        {"min_p": -0.1},
        {"min_p": 1.5},
        {"repetition_penalty": 0.0},
        {"presence_penalty": math.nan},
        {"frequency_penalty": math.inf},
    ],
    ids=str,
)
def test_values_out_of_range(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        SamplingConfig(**wrong)
