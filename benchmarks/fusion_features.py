"""Frozen features of digits seen and heard, for the benchmark of fusions: two small networks, each trained on one
modality alone, and what they make of the pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua import seeding
from zaohua.data.av_digits import RATE, DigitPairs, av_digits
from zaohua.nn.mel import MelConfig, log_mel

DIMS = {"audio": 192, "image": 48}  # as MultiBench's LeNets have them
_MEL = MelConfig(RATE, 256, 220, 28)  # 28 bands of 28 frames
_EPOCHS, _BATCH = 15, 100
# Noise of the curve, added to what the modality is tested on: deviation of the pixels; decibels of signal over noise
PIXELS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
DECIBELS = (None, 6, 3, 0, -3, -6, -9, -12)


@dataclass(frozen=True)
class Side:
    """feats: float32 [N, D_m] by modality; labels: int64 [N]; snr: of the recordings, float32 [N]."""

    feats: dict[str, Tensor]
    labels: Tensor
    snr: Tensor


@dataclass(frozen=True)
class Features:
    """train, validation, test; noisier: the test side by the noise added: {"image" | "audio" | "both": a side for each
    level}."""

    train: Side
    validation: Side
    test: Side
    noisier: dict[str, list[Side]]


def features(recordings: str, track: str, seed: int, cache: Path) -> Features:
    """Of this track and seed, made now or before."""
    path = cache / f"{track}-{seed}.pt"
    if path.exists():
        return _opened(torch.load(path, weights_only=True))
    pairs = av_digits(recordings, track=track, seed=seed)
    torch.manual_seed(seed)
    inputs = {side: _inputs(getattr(pairs, side)) for side in ("train", "validation", "test")}
    asked = {"image": "seen", "audio": "heard"}
    encoders = {
        name: _trained(
            DIMS[name],
            *((inputs[side][name], getattr(getattr(pairs, side), asked[name])) for side in ("train", "validation")),
        )
        for name in DIMS
    }
    made = {
        side: _side({name: _encoded(encoders[name], inputs[side][name]) for name in DIMS}, getattr(pairs, side))
        for side in inputs
    }
    noisier = {
        name: [_encoded(encoders[name], _noisier(pairs.test, name, level, seed)) for level in range(len(PIXELS))]
        for name in DIMS
    }
    saved = {side: (one.feats, one.labels, one.snr) for side, one in made.items()} | {"noisier": noisier}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(saved, path)
    return _opened(saved)


def _opened(saved: dict) -> Features:
    sides = {side: Side(*saved[side]) for side in ("train", "validation", "test")}
    test, noisier = sides["test"], saved["noisier"]
    curves = {
        "image": [{**test.feats, "image": x} for x in noisier["image"]],
        "audio": [{**test.feats, "audio": x} for x in noisier["audio"]],
        "both": [{"image": x, "audio": y} for x, y in zip(noisier["image"], noisier["audio"], strict=True)],
    }
    return Features(**sides, noisier={k: [Side(f, test.labels, test.snr) for f in v] for k, v in curves.items()})


def _side(feats: dict[str, Tensor], pairs: DigitPairs) -> Side:
    return Side(feats, pairs.labels, pairs.snr)


def _inputs(pairs: DigitPairs) -> dict[str, Tensor]:
    """[N, 1, 28, 28] of both."""
    return {"image": pairs.pictures.float() / 255, "audio": _heard(pairs.waves)}


def _heard(waves: Tensor) -> Tensor:
    mel = torch.cat([log_mel(part, _MEL)[..., :28] for part in waves.split(500)])
    return mel[:, None] / 5 + 1  # near zero mean and unit deviation


def _noisier(pairs: DigitPairs, name: str, level: int, seed: int) -> Tensor:
    """The inputs of one modality of the test side with the noise of this level on top."""
    keys = seeding.sample_keys(seed, level, torch.arange(len(pairs)), 77)
    if name == "image":
        pixels = pairs.pictures.float() / 255
        noise = seeding.normal(keys, pixels[0].numel(), 0).view_as(pixels)
        return (pixels + PIXELS[level] * noise).clamp(0, 1)
    decibels = DECIBELS[level]
    if decibels is None:
        return _heard(pairs.waves)
    power = pairs.waves.square().mean(-1, keepdim=True) / 10 ** (decibels / 10)
    noisy = pairs.waves + power.sqrt() * seeding.normal(keys, pairs.waves.shape[1], 1)
    return _heard(noisy * (pairs.waves.abs().amax(-1, keepdim=True) / noisy.abs().amax(-1, keepdim=True)))


class _LeNet(nn.Module):
    """[B, 1, 28, 28] -> [B, 10]; the body's [B, width], width a multiple of 16, is what is kept of it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
            nn.Conv2d(32, width // 16, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(),
        )  # fmt: skip
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.dropout(self.body(x), 0.3, self.training))


def _trained(width: int, train: Sequence[Tensor], validation: Sequence[Tensor]) -> nn.Module:
    """The body of the network that was best on the validation side."""
    network, best, kept = _LeNet(width), 0.0, {}
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.05)
    for _ in range(_EPOCHS):
        network.train()
        for rows in torch.randperm(len(train[0])).split(_BATCH):
            optimiser.zero_grad()
            F.cross_entropy(network(train[0][rows]), train[1][rows]).backward()
            optimiser.step()
        network.eval()
        with torch.no_grad():
            right = (network(validation[0]).argmax(-1) == validation[1]).float().mean().item()
        if right > best:
            best, kept = right, {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(kept)
    print(f"encoder {width}: {best:.3f}", flush=True)
    return network.eval().body


@torch.no_grad()
def _encoded(body: nn.Module, inputs: Tensor) -> Tensor:
    return torch.cat([body(part) for part in inputs.split(500)])
