"""The finished model's account: with everything, with every choice of modalities, and through ever more noise."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from zaohua.data.records.types import Side
from zaohua.language.tokenizer import Tokenizer
from zaohua.metrics.classification import confusion_matrix
from zaohua.metrics.ranks import rank_correlation
from zaohua.multimodal.understanding.batches import Rows
from zaohua.multimodal.understanding.judging import outputs_of, scores
from zaohua.multimodal.understanding.network import Understander
from zaohua.seeding import normal, sample_keys
from zaohua.training.parallel import Parallel

SNRS = (20.0, 10.0, 5.0, 0.0, -5.0, -10.0)  # decibels of a sound over white noise
GRAIN = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0)  # standard deviation of noise on pictures, whose own range is 2
_MOST_NOISY = 500  # rows that are measured through noise
_PEAK = 0.9  # of full scale, as zaohua.data.sounds.wave.levelled has it


def account(
    network: Understander, side: Side, rows: Rows, tokenizer: Tokenizer | None, seed: int, parallel: Parallel
) -> dict[str, Any]:
    """metrics, subsets, noise; mean weights of the modalities, if the fusion has any, and their rank correlation with
    what else is known of the rows; labels and confusion of classes.

    A subset is measured on all rows: one that has nothing of it can only be guessed.
    """
    shape = network.shape
    choices = subsets(shape.forms.modalities)
    outputs, weights = outputs_of(network, rows, parallel, choices)
    found = [scores(one, side.targets, shape, network) for one in outputs]
    result: dict[str, Any] = {
        "metrics": found[-1],
        "subsets": {"+".join(names): one for names, one in zip(choices[:-1], found[:-1], strict=True)},
        "noise": noise(network, side, tokenizer, seed, parallel),
    }
    if weights is not None:
        names = network.fusion.modalities
        result["weights"] = dict(zip(names, weights.mean(0).tolist(), strict=True))
        result["weights_follow"] = {
            fact: {name: rank_correlation(weights[:, m].numpy(), of.numpy()) for m, name in enumerate(names)}
            for fact, of in side.facts.items()
            if len(of.unique()) > 1
        }
    if shape.kind == "class":
        table = confusion_matrix(side.targets.numpy(), outputs[-1].argmax(-1).numpy(), shape.outputs)
        result |= {"labels": list(shape.classes), "confusion": table.tolist()}
    return result


def noise(
    network: Understander, side: Side, tokenizer: Tokenizer | None, seed: int, parallel: Parallel
) -> dict[str, list[dict[str, float]]]:
    """By modality, scores with ever more noise over it and none over the others: sounds, pictures and films."""
    some = side.some(_MOST_NOISY)
    curves: dict[str, list[dict[str, float]]] = {}
    for name in network.shape.forms.modalities:
        if name not in ("image", "audio", "video"):
            continue
        curves[name] = []
        for level in SNRS if name == "audio" else GRAIN:
            noisy = replace(some, values={**some.values, name: grainy(some, name, level, seed)})
            outputs, _ = outputs_of(network, Rows(noisy, network.shape, tokenizer), parallel)
            curves[name].append({"level": level, **scores(outputs[0], some.targets, network.shape, network)})
    return curves


def grainy(side: Side, name: str, level: float, seed: int) -> Tensor:
    """One modality's values with noise: sounds so many decibels above white noise, levelled again; pictures and films
    with noise of this standard deviation, -1 … 1 being their range. What is absent stays zero."""
    values, there = side.values[name], side.present[name]
    keys = sample_keys(seed, 0, torch.arange(len(values)))
    if name == "audio":
        power = values.square().mean(1, keepdim=True) / 10 ** (level / 10)
        made = values + power.sqrt() * normal(keys, values.shape[1])
        made = made * (_PEAK / made.abs().amax(1, keepdim=True).clamp(min=1e-9))
    else:
        flat = values.flatten(1)
        made = (flat + 127.5 * level * normal(keys, flat.shape[1])).clamp(0, 255).round()
    return torch.where(there[:, None], made, 0).to(values.dtype).view_as(values)


def subsets(modalities: Sequence[str]) -> list[tuple[str, ...]]:
    """Every choice of one modality or more, single ones first, all of them last."""
    return [chosen for size in range(1, len(modalities) + 1) for chosen in combinations(modalities, size)]
