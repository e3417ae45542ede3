"""Fusions of this library beside those of others, on frozen features of digits seen and heard, at equal parameters.

    python benchmarks/fusion_peers.py zip:recordings.zip --multibench MultiBench --multimodal multimodal

See fusion_features.py for the features and fusion_rivals.py for the checkouts. Every arm is a fusion with its head,
trained alike: the same order of samples, the same modalities dropped from the same samples (zeros for those that know
no masks), the state that was best on the validation side, on average over the subsets of modalities that are asked for.
A run that was finished before is not repeated. Intervals are those of the paired differences over the seeds, 95%.
"""

import argparse
import copy
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from fusion_features import DIMS, Features, Side, features
from fusion_rivals import CLASSES, parameters, rivals, sized
from scipy.stats import spearmanr
from seeded_runs import interval, publish, versions
from torch import Tensor, nn

from zaohua import seeding
from zaohua.files import write_atomic
from zaohua.multimodal.fusion import Fused, ModalityDropout, gives_logits, levels_loss, make_fusion

NAMES = tuple(sorted(DIMS))
BOTH = frozenset(NAMES)
SUBSETS = {"audio": frozenset({"audio"}), "image": frozenset({"image"}), "both": BOTH}
CURVES = ("image", "audio", "both")
BUDGET, EPOCHS, BATCH, RATE, DROPPED = 30_000, 20, 175, 2e-3, 0.3
OURS, ALSO = "ours: multilevel", ("ours: decision", "ours: attention")


class Ours(nn.Module):
    """A fusion by its name, and a head behind it where it gives no logits."""

    def __init__(self, name: str, dim: int, behind: int, **options: Any) -> None:
        super().__init__()
        decides = gives_logits(name)
        self.fusion = make_fusion(name, DIMS, CLASSES if decides else dim, **options)
        self.head = (
            nn.Identity() if decides else nn.Sequential(nn.Linear(dim, behind), nn.ReLU(), nn.Linear(behind, CLASSES))
        )

    def forward(self, feats: Mapping[str, Tensor], there: Mapping[str, Tensor]) -> Tensor:
        return self.head(self.fused(feats, there).x[:, 0])

    def loss(self, feats: Mapping[str, Tensor], there: Mapping[str, Tensor], labels: Tensor) -> Tensor:
        """Cross-entropy, and that of each level where there are levels."""

        def each(logits: Tensor) -> Tensor:
            return F.cross_entropy(logits[:, 0], labels, reduction="none")[:, None]

        fused = self.fused(feats, there)
        return each(self.head(fused.x)).mean() + levels_loss(fused, each)

    def shares(self, feats: Mapping[str, Tensor], there: Mapping[str, Tensor]) -> Tensor | None:
        """Weights of the modalities, [B, M]."""
        weights = self.fused(feats, there).weights
        return None if weights is None else weights[:, 0]

    def fused(self, feats: Mapping[str, Tensor], there: Mapping[str, Tensor]) -> Fused:
        """feats: [B, D_m]; there: bool [B]."""
        return self.fusion(
            {name: x[:, None] for name, x in feats.items()}, {name: mask[:, None] for name, mask in there.items()}
        )


def ours(budget: int) -> dict[str, Callable[[], nn.Module]]:
    """This library's arms. The width of a decision's heads, or of what is fused, takes up the budget."""

    def levels(hidden: int) -> nn.Module:  # a unit of the picture's head costs less than a third of one of the sound's
        hiddens = {"audio": hidden, "image": 2 * hidden}
        return Ours("multilevel", CLASSES, 0, hidden=hiddens, joint=("feature",), width=20)

    return {
        OURS: sized(levels, budget),
        ALSO[0]: sized(lambda hidden: Ours("decision", CLASSES, 0, hidden=hidden), budget),
        ALSO[1]: sized(lambda dim: Ours("attention", dim, 100), budget),
    }


def trained(make: Callable[[], nn.Module], data: Features, seed: int, *, whole: bool) -> nn.Module:
    """whole: nothing is dropped, and both modalities are all that is asked for."""
    torch.manual_seed(seed)
    model, drop = make(), ModalityDropout(0.0 if whole else DROPPED)
    subsets = [BOTH] if whole else list(SUBSETS.values())
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.01)
    count = len(data.train.labels)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS * (count // BATCH))
    best, kept = -1.0, copy.deepcopy(model.state_dict())
    for epoch in range(EPOCHS):
        model.train()
        order = torch.randperm(count, generator=torch.Generator().manual_seed(1000 * seed + epoch))
        for rows in order[: count - count % BATCH].split(BATCH):
            feats = {name: x[rows] for name, x in data.train.feats.items()}
            masks = drop({n: x[:, None] for n, x in feats.items()}, None, seeding.sample_keys(seed, epoch, rows))
            optimiser.zero_grad()
            model.loss(feats, {n: mask[:, 0] for n, mask in masks.items()}, data.train.labels[rows]).backward()
            optimiser.step()
            schedule.step()
        model.eval()
        right = statistics.mean(accuracy(model, data.validation, some) for some in subsets)
        if right >= best:
            best, kept = right, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return model


def only(side: Side, kept: frozenset[str]) -> dict[str, Tensor]:
    """Of every pair nothing but these modalities."""
    return {name: torch.full((len(side.labels),), name in kept) for name in NAMES}


@torch.no_grad()
def accuracy(model: nn.Module, side: Side, kept: frozenset[str] = BOTH) -> float:
    """Per cent."""
    return 100 * (model(side.feats, only(side, kept)).argmax(-1) == side.labels).double().mean().item()


@torch.no_grad()
def microseconds(model: nn.Module, side: Side) -> float:
    """Of the processor, for a sample, in batches of 500."""
    feats, there = {name: x[:500] for name, x in side.feats.items()}, only(side, BOTH)
    there = {name: mask[:500] for name, mask in there.items()}
    times = []
    for _ in range(20):
        start = time.process_time()
        model(feats, there)
        times.append(time.process_time() - start)
    return 1e6 * statistics.median(times) / 500


def measured(make: Callable[[], nn.Module], given: argparse.Namespace, seed: int) -> dict[str, float | None]:
    """All columns of one arm with one seed."""
    noisy = features(given.recordings, "noisy", seed, given.runs / "features")
    model = trained(make, noisy, seed, whole=False)
    row: dict[str, float | None] = {name: accuracy(model, noisy.test, kept) for name, kept in SUBSETS.items()}
    for name in CURVES:
        row[f"noise {name}"] = statistics.mean(accuracy(model, side) for side in noisy.noisier[name])
    row["noise"] = statistics.mean(row[f"noise {name}"] for name in CURVES)  # type: ignore[misc]
    row["µs"] = microseconds(model, noisy.test)
    row["parameters"] = parameters(model)
    synergy = features(given.recordings, "synergy", seed, given.runs / "features")
    row["synergy"] = accuracy(trained(make, synergy, seed, whole=True), synergy.test)
    reliability = features(given.recordings, "reliability", seed, given.runs / "features")
    model = trained(make, reliability, seed, whole=False)
    with torch.no_grad():
        shares = model.shares(reliability.test.feats, only(reliability.test, BOTH))
    heard = None if shares is None else shares[:, NAMES.index("audio")]
    row["ρ"] = None if heard is None else float(spearmanr(heard, reliability.test.snr).statistic)
    return row


def known(name: str, make: Callable[[], nn.Module], given: argparse.Namespace, seed: int) -> dict[str, Any]:
    """The columns, from this run or one before."""
    path = given.runs / f"{name.replace(' ', '-').replace(':', '')}-{seed}.json"
    if not path.exists():
        write_atomic(path, json.dumps(measured(make, given, seed)))
        print(name, seed, path.read_text(), flush=True)
    return json.loads(path.read_text())


COLUMNS = {"both": "both", "audio": "audio alone", "image": "image alone", "noise": "noise, area", "synergy": "synergy"}


def table(found: Mapping[str, Sequence[Mapping[str, Any]]], given: argparse.Namespace) -> str:
    """As a section of RESULTS.md."""
    lines = [
        f"## Fusion beside its peers — {date.today()}",
        "",
        f"`fusion_peers.py`: about {BUDGET:,} parameters each, {EPOCHS} epochs over 3,500 pairs of digits. Accuracy in "
        f"per cent on 1,000 held back, mean over seeds {', '.join(map(str, given.seeds))}; in brackets {OURS} less "
        f"this arm, and the 95% interval of that over the seeds. {versions()}",
        "",
        f"| | {' | '.join(COLUMNS.values())} | ρ(α, SNR) | parameters | µs/sample |",
        "|---" * (len(COLUMNS) + 4) + "|",
    ]
    for name, rows in found.items():
        cells = []
        for column in COLUMNS:
            mean = statistics.mean(row[column] for row in rows)
            if name == OURS:
                cells.append(f"**{mean:.1f}**")
                continue
            more, half = interval([mine[column] - row[column] for mine, row in zip(found[OURS], rows, strict=True)])
            cells.append(f"{mean:.1f} ({more:+.1f} ± {half:.1f})")
        rhos = [row["ρ"] for row in rows if row["ρ"] is not None]
        cells.append(f"{statistics.mean(rhos):.2f}" if rhos else "–")
        cells.append(f"{rows[0]['parameters']:,}")
        cells.append(f"{statistics.median(row['µs'] for row in rows):.1f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", help="a source of recordings named as 7_jackson_32.wav")
    parser.add_argument("--multibench", type=Path, required=True, help="a checkout")
    parser.add_argument("--multimodal", type=Path, required=True, help="a checkout")
    parser.add_argument("--seeds", type=int, nargs="+", default=[6, 7, 8, 9, 10])
    parser.add_argument("--arms", nargs="+", help="parts of the names of those to run")
    parser.add_argument("--runs", type=Path, default=Path("runs/fusion-peers"))
    parser.add_argument("--results", type=Path, help="append the table to this file")
    given = parser.parse_args()
    arms = {**ours(BUDGET), **rivals(given.multibench, given.multimodal, DIMS, BUDGET)}
    if given.arms:
        arms = {name: make for name, make in arms.items() if any(part in name for part in given.arms)}
    found = {name: [known(name, make, given, seed) for seed in given.seeds] for name, make in arms.items()}
    if OURS not in found:
        return
    publish(table(found, given), given)


if __name__ == "__main__":
    main()
