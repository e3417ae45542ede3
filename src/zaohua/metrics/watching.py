"""Watching two networks that learn from each other: what goes wrong has names, seen in the numbers of the log.

Scores mean something else under every loss, so they are never compared with a fixed number. What the discriminator is
sure of is measured by its own loss: 1 - L / L₀, where L₀ is the least that one that cannot tell real from generated
would have. Under a Wasserstein loss, which has no such bound, the gap between the scores is compared with itself.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zaohua.i18n import t
from zaohua.metrics.running import Extremes, SlidingMedian

SURE = 0.97  # of 1: the discriminator's loss is all but gone, and with it, under most losses, what it could teach
RIGHT = 0.99  # share of pairs in which it scores the real sample higher
BLIND = 0.55  # the same of a discriminator that can hardly tell
ALIKE = 0.25  # how far apart generated samples are, of what real ones are
GROWN = 10.0  # times its usual size, from which a Wasserstein gap has run away
STEEP = 100.0  # the same of a gradient
WORSE = 1.5, 1.25  # times the best distance: of the newest evaluation, and of the one before it
BETTER = 0.98  # of the best distance before: it still learns
FEWEST = 20  # lines of the log before anything is said
KINDS = ("diverged", "discriminator_won", "mode_collapse", "generator_won")
DISTANCES = ("fd",)  # how an evaluation's number may be called


@dataclass(frozen=True)
class Finding:
    """kind: one of KINDS; step: where it was first seen; facts: the numbers it was seen by."""

    kind: str
    step: int
    facts: tuple[tuple[str, float], ...]

    def as_text(self, recipe: Mapping[str, Any]) -> str:
        """In words, with what to try; recipe: the run's, as plain values."""
        facts = {name: f"{value:.3g}" for name, value in self.facts}
        name = t(f"watch.{self.kind}", **facts)
        advice = t(f"watch.try_{self.kind}", setting=remedy(self, recipe))
        return t("watch.line", name=name, step=f"{self.step:,}", remedy=advice)


def remedy(finding: Finding, recipe: Mapping[str, Any]) -> str:
    """The setting to try, as it is typed: "train.learning_rate=0.0003"."""
    rule, train = recipe.get("regulariser", {}), recipe.get("train", {})
    penalised = rule.get("kind") in ("zero_centred", "r1", "r2")
    gamma, rate = rule.get("gamma"), train.get("learning_rate")
    if finding.kind == "diverged":
        return f"train.learning_rate={(rate or 1e-3) / 4:.2g}"
    if finding.kind == "generator_won":
        if penalised and isinstance(gamma, float):
            return f"regulariser.gamma={gamma / 4:.3g}"
        return f"train.discriminator_steps={2 * train.get('discriminator_steps', 1)}"
    if not penalised:
        return "regulariser.kind=zero_centred"
    return f"regulariser.gamma={4 * gamma:.3g}" if isinstance(gamma, float) else "regulariser.gamma=auto"


def undecided(loss: str, weights: tuple[float, float] = (1.0, 1.0)) -> float | None:
    """L₀: the loss of the best discriminator that says the same of every sample. None: there is no such bound.

    loss: a name of zaohua.gan.losses; weights: of the real and the fake term.
    """
    real, fake = weights
    if loss in ("non_saturating", "minimax"):
        share = real / (real + fake)
        return -real * math.log(share) - fake * math.log(1 - share)
    return {
        "least_squares": real * fake / (real + fake) / 2,
        "hinge": 2 * min(real, fake),
        "relativistic": real * math.log(2),
    }.get(loss)


class _Series:
    """Values of the log under one name, of which only the medians of the newest and of those before are wanted."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self._newest, self._earlier = SlidingMedian(self.values), SlidingMedian(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def add(self, value: float) -> None:
        """One more."""
        self.values.append(value)

    def now(self, window: int) -> float:
        """Median of the newest."""
        return self._newest.of(len(self) - window, len(self))

    def usual(self, window: int) -> float:
        """Median of ten times as many before them."""
        return self._earlier.of(max(0, len(self) - 11 * window), len(self) - window)


class Watcher:
    """Takes the lines of the log one after another, each in about the same time.

    loss, weights: of the recipe. standing: what is wrong now, by kind; past: everything that was ever found.
    """

    def __init__(self, loss: str, weights: tuple[float, float] = (1.0, 1.0)) -> None:
        self._undecided = undecided(loss, weights)
        self._series: dict[str, _Series] = {}
        self._distances, self._coverage = Extremes(), Extremes()
        self._lines = 0
        self.standing: dict[str, Finding] = {}
        self.past: list[Finding] = []

    def see(self, line: Mapping[str, Any]) -> list[Finding]:
        """Take one line of metrics.jsonl; returns what is wrong now and has not been said."""
        step = int(line["step"])
        self._take(line)
        found = self._findings() if self._lines >= FEWEST else {}
        self.standing = {kind: self.standing.get(kind, Finding(kind, step, facts)) for kind, facts in found.items()}
        said = {finding.kind for finding in self.past}
        new = [finding for kind, finding in self.standing.items() if kind not in said]
        self.past += new
        return new

    def _take(self, line: Mapping[str, Any]) -> None:
        if line.get("kind") == "eval":
            if distance := [float(line[name]) for name in DISTANCES if _finite(line.get(name))]:
                self._distances.add(distance[0])
            if _finite(line.get("coverage")):
                self._coverage.add(float(line["coverage"]))
            return
        self._lines += 1
        numbers = {name: float(value) for name, value in line.items() if _finite(value)}
        if "score_real" in numbers and "score_fake" in numbers:
            numbers["gap"] = numbers["score_real"] - numbers["score_fake"]
        begun = "score_real" in numbers  # a duel may begin late in a run
        if begun and "loss_discriminator" in numbers and self._undecided is not None:
            own = numbers["loss_discriminator"] - numbers.get("penalty", 0.0)
            numbers["sure"] = 1 - own / self._undecided
        norms = [value for name, value in numbers.items() if name.startswith("grad_norm")]
        if norms:
            numbers["norm"] = max(norms)
        for name in ("gap", "sure", "right", "spread", "norm"):
            if name in numbers:
                self._series.setdefault(name, _Series()).add(numbers[name])

    def _now(self, name: str) -> float | None:
        """Median of the newest tenth of a series."""
        series, window = self._series.get(name), self._window
        return series.now(window) if series is not None and len(series) >= window else None

    def _usual(self, name: str) -> float | None:
        """Median of what came before that."""
        series, window = self._series.get(name), self._window
        return series.usual(window) if series is not None and len(series) >= 2 * window else None

    @property
    def _window(self) -> int:
        return max(FEWEST // 2, self._lines // 10)

    def _findings(self) -> dict[str, tuple[tuple[str, float], ...]]:
        """kind -> the numbers it is seen by, for what is wrong now."""
        found: dict[str, tuple[tuple[str, float], ...]] = {}
        distances = self._distances
        learns = distances.count >= 2 and distances.newest < BETTER * distances.least_before
        recent = distances.newest, distances.before
        if distances.count >= 3 and all(
            value > factor * distances.least for value, factor in zip(recent, WORSE, strict=True)
        ):
            found["diverged"] = (("newest", distances.newest), ("best", distances.least))
        norm, usual_norm = self._now("norm"), self._usual("norm")
        if norm is not None and usual_norm is not None and norm > STEEP * max(usual_norm, 1e-3):
            found["diverged"] = (("newest", norm), ("best", usual_norm))
        right, spread = self._now("right"), self._now("spread")
        if not learns and self._has_won(right):
            found["discriminator_won"] = (("right", 100 * (right or 1.0)),)
        if spread is not None and spread < ALIKE and not learns:
            found["mode_collapse"] = (("spread", 100 * spread),)
        elif self._covers_less():
            found["mode_collapse"] = (("spread", 100 * (spread or 0.0)),)
        # At its beginning a discriminator tells little, too: samples that stay bad are what makes it too weak.
        bad = distances.count >= 3 and distances.newest > distances.most / 2
        if right is not None and right < BLIND and bad and not learns and "mode_collapse" not in found:
            found["generator_won"] = (("right", 100 * right),)
        return found

    def _has_won(self, right: float | None) -> bool:
        if right is not None and right < RIGHT:
            return False
        if self._undecided is not None:
            sure = self._now("sure")
            return sure is not None and sure > SURE
        gap, usual = self._now("gap"), self._usual("gap")
        return gap is not None and usual is not None and gap > GROWN * max(usual, 1e-6)

    def _covers_less(self) -> bool:
        """Whether the samples have lost most of the kinds that they once had, and are farther off for it."""
        coverage, distances = self._coverage, self._distances
        if coverage.count < 3 or not distances.count:
            return False
        return coverage.most > 0.05 and coverage.newest < coverage.most / 4 and distances.newest > distances.least


def watch(lines: Sequence[Mapping[str, Any]], recipe: Mapping[str, Any]) -> Watcher:
    """A watcher that has seen the lines of a run so far. recipe: the run's, as plain values."""
    loss = recipe.get("loss", {})
    watcher = Watcher(str(loss.get("kind", "")), (float(loss.get("real", 1.0)), float(loss.get("fake", 1.0))))
    for line in lines:
        watcher.see(line)
    return watcher


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
