"""Adaptive augmentation follows learning by heart, whatever a score means, and survives a restart."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from resuming import assert_resumes_exactly
from small_pictures import picture_recipe

from zaohua.gan.adaptive import Adaptive
from zaohua.gan.losses import LOSSES

UNDECIDED = {"non_saturating": 0.0, "minimax": 0.0, "hinge": 0.0, "least_squares": 0.5}


def after(loss: str, by_heart: float, *, scale: float = 1.0, steps: int = 400, **settings) -> Adaptive:
    """What becomes of the strength if a training sample scores higher by so many spreads of the noise."""
    adaptive = Adaptive(loss, 64, **{"target": None, "most": 1.0, **settings})
    draw = torch.Generator().manual_seed(0)
    level = UNDECIDED.get(loss, 17.0)
    for step in range(steps):
        if adaptive.is_due(step):
            train, held_out = (torch.randn(64, generator=draw) for _ in range(2))
            adaptive.see(level + scale * (train + by_heart), level + scale * held_out)
    return adaptive


@pytest.mark.parametrize("loss", LOSSES)
def test_the_strength_grows_while_training_samples_are_known_by_heart(loss):
    assert after(loss, 3.0).strength > 0.1
    assert after(loss, 0.0).strength == 0.0


@given(st.floats(1e-3, 1e3))
def test_scores_without_a_level_may_have_any_scale(scale):
    ours, plain = (after("wasserstein", 1.0, scale=by, steps=120) for by in (scale, 1.0))
    assert ours.overfitting == pytest.approx(plain.overfitting, abs=0.02)


def test_r_is_the_mean_sign_of_the_paper():
    adaptive = Adaptive("least_squares", 4, target=0.6, most=1.0)
    assert adaptive.is_due(0)
    adaptive.see(torch.tensor([0.9, 0.7, 0.6, 0.1]).repeat(256), None)
    assert adaptive.is_due(4)
    assert adaptive.overfitting == pytest.approx((3 - 1) / 4)


def test_the_strength_falls_again_and_stays_within_its_bounds():
    adaptive = after("hinge", 3.0, steps=4000, most=0.3)
    assert adaptive.strength == 0.3
    for step in range(4000, 8000):
        if adaptive.is_due(step):
            adaptive.see(torch.randn(64, generator=torch.Generator().manual_seed(step)), None)
    assert adaptive.strength == 0.0


@given(st.integers(1, 60))
def test_a_batch_in_parts_counts_as_a_whole(parts):
    of_real, held_out = torch.randn(2, 60, generator=torch.Generator().manual_seed(parts))
    states = []
    for cuts in (1, parts):
        adaptive = Adaptive("relativistic", 60, target=None, most=1.0)
        for pair in zip(of_real.chunk(cuts), held_out.chunk(cuts), strict=True):
            assert adaptive.is_due(0)
            adaptive.see(*pair)
        states.append(adaptive.state_dict())
    assert states[0] == states[1]


def test_its_state_goes_through_json_exactly():
    adaptive, other = after("relativistic", 0.4), after("relativistic", 0.0)
    other.load_state_dict(json.loads(json.dumps(adaptive.state_dict())))
    for each in (adaptive, other):
        assert each.is_due(400)
        each.see(torch.ones(8), torch.zeros(8))
        assert each.is_due(404)
    assert other.state_dict() == adaptive.state_dict()
    assert other.strength == adaptive.strength > 0


@pytest.mark.parametrize("loss", ["relativistic", "hinge"])
def test_a_stopped_run_with_adaptive_augmentation_goes_on_bit_for_bit(loss, tmp_path, monkeypatch):
    recipe = picture_recipe(tmp_path)
    text = recipe.read_text(encoding="utf-8")
    adaptive = f'adaptive = true\ntarget = 0.0\n[loss]\nkind = "{loss}"\n'
    recipe.write_text(text.replace("strength = 0.3\n", adaptive), encoding="utf-8")
    assert_resumes_exactly(recipe, tmp_path, monkeypatch, after=5)
    lines = [json.loads(line) for line in (tmp_path / "whole" / "metrics.jsonl").read_text("utf-8").splitlines()]
    strengths = [line["augmentation"] for line in lines if line["kind"] == "train"]
    assert max(strengths) > 0
