"""Things chosen by how surely the model would call them by their prompt."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zaohua.errors import UsageError
from zaohua.multimodal.any.ranking import best, likelihoods


def by_hand(model, medium, codes, prompt, language) -> float:
    """log p of every token of the text and of its end, one row at a time."""
    opening, closing, mark = map(model.vocabulary.mark, (medium, f"/{medium}", language))
    told = [*model.tokenizer.encode(prompt), model.tokenizer.eot_id]
    read = [opening, *(model.vocabulary.span(medium).start + codes).tolist(), closing, mark]
    logits = model.decoder(torch.tensor([[*read, *told[:-1]]]))[0].log_softmax(-1)
    return math.fsum(logits[len(read) - 1 + place, token].item() for place, token in enumerate(told))


@pytest.mark.parametrize("medium", ["image", "audio", "video"])
def test_likelihoods_are_those_of_the_text_alone(any_model, medium):
    count, rng = {"image": 64, "audio": 7, "video": 128}[medium], np.random.default_rng(1)
    codes = [rng.integers(0, len(any_model.vocabulary.span(medium)), count) for _ in range(3)]
    prompts = [("a red apple", "en"), ("红苹果", "zh"), ("a cat", "en")]
    with torch.no_grad():
        found = likelihoods(any_model.parts, lambda: None, medium, codes, [prompt for prompt, _ in prompts])
        exact = [by_hand(any_model, medium, code, *prompt) for code, prompt in zip(codes, prompts, strict=True)]
    assert found == pytest.approx(exact, rel=1e-4)


@given(st.lists(st.lists(st.floats(-9, 0), min_size=6, max_size=6), min_size=1, max_size=4), st.integers(1, 6))
def test_the_best_are_the_largest_of_each_prompt_in_order(groups, keep):
    places = best([score for group in groups for score in group], 6, keep)
    assert len(places) == keep * len(groups)
    for number, group in enumerate(groups):
        mine = places[number * keep : (number + 1) * keep]
        assert len(set(mine)) == keep
        assert {place // 6 for place in mine} == {number}
        assert [group[place % 6] for place in mine] == sorted(group, reverse=True)[:keep]


def test_the_surest_of_several_are_kept_of_each_prompt(any_model):
    prompts = ["a red apple", "红苹果", "a red apple"]
    every = any_model.generate(prompts, n=6, seed=3)
    kept = any_model.generate(prompts, n=2, seed=3, best_of=3)
    for place, one in enumerate(kept):
        same = every[6 * (place // 2) + one.index]
        assert one.prompt == same.prompt == prompts[place // 2]
        assert np.array_equal(one.pixels, same.pixels)
    assert [one.index for one in kept[:2]] == [one.index for one in kept[4:]]


def test_there_must_be_something_to_choose_by(any_model):
    with pytest.raises(UsageError, match="prompt"):
        any_model.generate("", best_of=2)
    with pytest.raises(UsageError, match="best_of"):
        any_model.generate("a cat", n=10, best_of=10**6)
