"""What goes wrong between two networks is named, and what goes well is let alone, under every loss."""

import math
import random
from statistics import median

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.gan.losses import LOSSES
from zaohua.metrics import watching
from zaohua.metrics.running import SlidingMedian
from zaohua.metrics.watching import KINDS, Finding, Watcher, remedy, undecided

BOUNDED = ["non_saturating", "minimax", "least_squares", "hinge", "relativistic"]


def scores(loss: str, doubt: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores of real and of generated samples by a discriminator that is undecided (1) or sure (near 0)."""
    draw = torch.Generator().manual_seed(int(1000 * doubt))
    reach = 8.0 * (1 - doubt)
    real, fake = reach + torch.randn(64, generator=draw), -reach + torch.randn(64, generator=draw)
    if loss == "least_squares":  # aims at 1 and 0, and stays there
        noise = 0.5 * doubt
        real, fake = (doubt / 2 + side * (1 - doubt) + noise * torch.randn(64, generator=draw) for side in (1, 0))
    return real, fake


def line(loss: str, step: int, doubt: float, *, scale: float = 1.0, **others: float) -> dict:
    real, fake = (scale * side for side in scores(loss, doubt))
    found = LOSSES[loss](real, fake, (1.0, 1.0))
    numbers = {"loss_discriminator": found.discriminator.item(), "loss_generator": found.generator.item()}
    numbers |= {"score_real": real.mean().item(), "score_fake": fake.mean().item()}
    numbers["right"] = (real > fake).float().mean().item()
    return {"kind": "train", "step": step, **numbers, "spread": 0.8, "grad_norm_discriminator": 1.0, **others}


def seen(loss: str, lines: list[dict]) -> Watcher:
    watcher = Watcher(loss)
    for one in lines:
        watcher.see(one)
    return watcher


def evaluations(distances: list[float], every: int = 10) -> list[dict]:
    return [{"kind": "eval", "step": every * (n + 1), "fd": value} for n, value in enumerate(distances)]


def in_order(*groups: list[dict]) -> list[dict]:
    return sorted((one for group in groups for one in group), key=lambda one: one["step"])


@pytest.mark.parametrize("loss", BOUNDED)
@pytest.mark.parametrize("weights", [(1.0, 1.0), (2.0, 0.5)])
def test_no_constant_score_does_better_than_the_undecided_loss(loss, weights):
    weights = (weights[0],) * 2 if loss == "relativistic" else weights
    constants = torch.linspace(-4, 4, 801).tolist()
    least = min(LOSSES[loss](torch.tensor([c]), torch.tensor([c]), weights).discriminator.item() for c in constants)
    assert undecided(loss, weights) == pytest.approx(least, rel=1e-3)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_healthy_run_gives_no_alarm(loss):
    lines = [line(loss, step, 0.75, spread=0.5 + step / 1000) for step in range(1, 300)]
    draw = random.Random(1)
    falling = [100 / (n + 1) + 10 + draw.uniform(-1, 1) for n in range(29)]
    assert seen(loss, in_order(lines, evaluations(falling))).past == []


@pytest.mark.parametrize("loss", BOUNDED)
def test_a_discriminator_that_is_sure_has_won_unless_the_generator_still_learns(loss):
    lines = [line(loss, step, max(0.0, 0.8 - step / 40)) for step in range(1, 200)]
    assert [found.kind for found in seen(loss, lines).past] == ["discriminator_won"]
    learning = evaluations([200 * 0.9**n for n in range(19)])
    assert seen(loss, in_order(lines[:-10], learning)).standing == {}
    stuck = evaluations([50.0] * 19)
    assert list(seen(loss, in_order(lines, stuck)).standing) == ["discriminator_won"]


@given(st.floats(1e-3, 1e3))
def test_a_wasserstein_gap_of_any_size_is_no_alarm_and_one_that_runs_away_is(scale):
    steady = [line("wasserstein", step, 0.3, scale=scale) for step in range(1, 60)]
    assert seen("wasserstein", steady).past == []
    away = steady + [line("wasserstein", 60 + n, 0.3, scale=scale * 2**n) for n in range(30)]
    assert [found.kind for found in seen("wasserstein", away).past] == ["discriminator_won"]


def test_samples_that_are_all_alike_have_collapsed():
    lines = [line("hinge", step, 0.75, spread=0.9 if step < 50 else 0.02) for step in range(1, 120)]
    watcher = seen("hinge", lines)
    assert [found.kind for found in watcher.past] == ["mode_collapse"]
    assert 50 < watcher.past[0].step < 70


def test_a_coverage_that_is_lost_has_collapsed():
    lines = [line("hinge", step, 0.75) for step in range(1, 120)]
    scored = [{**one, "coverage": 0.6 if n < 8 else 0.05} for n, one in enumerate(evaluations([50.0] * 8 + [60.0] * 3))]
    assert list(seen("hinge", in_order(lines, scored)).standing) == ["mode_collapse"]


def test_a_distance_that_grows_again_has_diverged_and_is_said_once():
    lines = [line("hinge", step, 0.75) for step in range(1, 120)]
    watcher = Watcher("hinge")
    said = [found for one in in_order(lines, evaluations([80, 60, 49, 70, 90, 110, 137])) for found in watcher.see(one)]
    assert [found.kind for found in said] == ["diverged"]
    assert dict(said[0].facts) == {"newest": 90, "best": 49}
    noise = evaluations([80, 60, 49, 70, 50, 60, 48])  # one bad evaluation is none
    assert seen("hinge", in_order(lines, noise)).past == []


def test_a_steep_gradient_has_diverged():
    lines = [line("hinge", step, 0.75, grad_norm_generator=1.0 if step < 80 else 1e4) for step in range(1, 120)]
    assert list(seen("hinge", lines).standing) == ["diverged"]


def test_a_blind_discriminator_is_named_only_while_the_samples_are_bad():
    lines = [line("hinge", step, 0.99, right=0.5) for step in range(1, 120)]
    assert list(seen("hinge", in_order(lines, evaluations([90.0] * 11))).standing) == ["generator_won"]
    assert seen("hinge", in_order(lines, evaluations([90, 60, 30, 20, 15, 12, 11, 10]))).standing == {}
    assert seen("hinge", in_order(lines, evaluations([90, 88, 85, 80, 74, 70, 66, 64, 60, 57, 55]))).past == []


def test_what_has_passed_is_remembered():
    lines = [line("hinge", step, 0.75, spread=0.02 if 30 < step < 80 else 0.9) for step in range(1, 200)]
    watcher = seen("hinge", lines)
    assert watcher.standing == {}
    assert [found.kind for found in watcher.past] == ["mode_collapse"]


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["loss_discriminator", "score_real", "score_fake", "right", "spread", "fd", "penalty"]),
            st.one_of(st.floats(), st.integers(-9, 9), st.none(), st.text(max_size=3)),
        ),
        min_size=20,
        max_size=60,
    ),
    st.sampled_from([*LOSSES, "unheard of"]),
)
def test_damaged_logs_are_read_without_harm(lines, loss):
    draw = random.Random(len(lines))
    watcher = seen(loss, [{**one, "step": n, "kind": draw.choice(["train", "eval"])} for n, one in enumerate(lines)])
    assert all(found.kind in KINDS for found in watcher.past)


class Replayed(Watcher):
    """One that counts every number again from the whole record."""

    def _now(self, name):
        values = self._series[name].values if name in self._series else []
        return median(values[-self._window :]) if len(values) >= self._window else None

    def _usual(self, name):
        values = self._series[name].values[: -self._window] if name in self._series else []
        return median(values[-10 * self._window :]) if len(values) >= self._window else None


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.3, 0.75, 0.99]),  # doubt
            st.sampled_from([0.01, 0.2, 0.8]),  # spread
            st.sampled_from([1.0, 1.0, 300.0, 1e6]),  # of gradients and scores
            st.booleans(),  # whether the duel is on
        ),
        min_size=1,
        max_size=8,
    ),
    st.lists(st.integers(1, 400), max_size=20),
    st.sampled_from(["hinge", "wasserstein"]),
)
@settings(max_examples=30, deadline=None)
def test_each_line_finds_what_a_replay_of_the_whole_record_finds(phases, distances, loss):
    lines = []
    for doubt, spread, scale, on in phases:
        for _ in range(30):
            one = line(loss, len(lines) + 1, doubt, scale=scale, spread=spread, grad_norm_generator=scale)
            lines.append(one if on else {"kind": "train", "step": one["step"], "grad_norm_generator": 1.0})
    scored = [{**one, "coverage": (one["fd"] % 7) / 7} for one in evaluations([float(value) for value in distances])]
    watcher, replayed = Watcher(loss), Replayed(loss)
    for one in in_order(lines, scored):
        assert watcher.see(one) == replayed.see(one)
        assert watcher.standing == replayed.standing


def test_a_line_late_in_a_long_run_asks_for_no_more_than_an_early_one(monkeypatch):
    class Counted(SlidingMedian):
        """Counts the values that come into its window and go."""

        moved = 0

        def of(self, start, stop):
            Counted.moved += abs(start - self._start) + abs(stop - self._stop)
            return super().of(start, stop)

    monkeypatch.setattr(watching, "SlidingMedian", Counted)
    watcher, moved = Watcher("wasserstein"), []
    for step in range(1, 3001):
        Counted.moved = 0
        watcher.see(line("wasserstein", step, 0.75))
        moved.append(Counted.moved)
    assert max(moved[-1000:]) <= max(moved[500:1500]) < 100


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("regulariser", [{}, {"kind": "none"}, {"kind": "zero_centred", "gamma": 1.0}])
def test_every_finding_comes_with_a_setting_to_try(kind, regulariser):
    finding = Finding(kind, 120, (("right", 99.0), ("spread", 3.0), ("newest", 90.0), ("best", math.pi)))
    recipe = {"regulariser": regulariser, "train": {"learning_rate": 1e-3}}
    name, _, value = remedy(finding, recipe).partition("=")
    assert name.count(".") == 1
    assert value
    assert remedy(finding, recipe) in finding.as_text(recipe)
