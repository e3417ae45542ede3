"""How well it understands: outputs for any choice of modalities, and scores of outputs."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.language.text_task import turns
from zaohua.metrics.calibration import calibration_error
from zaohua.metrics.classification import confusion_matrix, sorted_scores
from zaohua.metrics.regression import number_scores
from zaohua.multimodal.understanding.batches import Rows
from zaohua.multimodal.understanding.network import Understander
from zaohua.multimodal.understanding.shape import Shape
from zaohua.training.parallel import Parallel

_AT_ONCE = 128


@torch.no_grad()
def outputs_of(
    network: Understander, rows: Rows, parallel: Parallel, chosen: Sequence[Sequence[str]] = ()
) -> tuple[list[Tensor], Tensor | None]:
    """Outputs float64 [N, outputs] for each choice of modalities (all of them, where none is given), and the weights
    of the last choice, float64 [N, M] in the order of `network.fusion.modalities`, if the fusion has any.

    Every modality is encoded once.
    """
    choices = [tuple(names) for names in chosen] or [tuple(network.encoders)]
    shape, device = network.shape, parallel.device
    found = torch.zeros(len(choices), len(rows), shape.outputs, dtype=torch.float64, device=device)
    weights = torch.zeros(len(rows), len(network.encoders), dtype=torch.float64, device=device)
    weighted = False
    for (numbers), mine in turns(list(torch.arange(len(rows)).split(_AT_ONCE)), parallel):
        features, masks = network.encode(rows.batch(numbers).to(device))
        for place, names in enumerate(choices):
            there = {name: features[name] for name in names if name in features}
            if not there:  # none of the batch has any: what is told is told of nothing
                there = {name: features[name] for name in list(features)[:1]}
            seen = {name: masks[name] & (name in names) for name in there}
            outputs, fused = network.decide(there, seen)
            if mine:
                found[place, numbers] = outputs.double()
        if fused.weights is not None and mine:
            weights[numbers], weighted = fused.weights[:, 0].double(), True
    return list(parallel.sum(found).cpu()), parallel.sum(weights).cpu() if weighted else None


def scores(outputs: Tensor, targets: Tensor, shape: Shape, network: Understander) -> dict[str, float]:
    """Of classes: loss in nats, accuracy, macro-F1 and calibration error; of numbers: loss in squared standard
    deviations, mean absolute error, root mean square error and R². Nothing for no rows."""
    if not len(targets):
        return {}
    if shape.kind == "number":
        place = network.target_mean.device
        given, wanted = network.numbers(outputs.to(place)).cpu(), network.standardised(targets.to(place)).cpu()
        loss = (outputs[:, 0] - wanted).square().mean().item()
        return {"loss": loss, **number_scores(targets.numpy(), given.numpy())}
    probabilities = outputs.softmax(-1).numpy()
    confusion = confusion_matrix(targets.numpy(), probabilities.argmax(1), shape.outputs)
    return {
        "loss": F.cross_entropy(outputs, targets).item(),
        **sorted_scores(confusion),
        "calibration_error": calibration_error(probabilities, targets.numpy()),
    }


def baselines(train: Tensor, targets: Tensor, shape: Shape) -> dict[str, dict[str, float]]:
    """The commonest class for all, or the mean of the numbers to learn from."""
    if shape.kind == "number":
        return {"mean": number_scores(targets.numpy(), np.full(len(targets), train.mean().item()))}
    commonest = np.full(len(targets), int(train.bincount(minlength=shape.outputs).argmax()))
    return {"commonest": sorted_scores(confusion_matrix(targets.numpy(), commonest, shape.outputs))}


def in_words(output: Tensor, shape: Shape, network: Understander) -> str:
    """What one row's output says: a class with its probability, or a number. float64 [outputs]"""
    if shape.kind == "number":
        return f"{network.numbers(output[None]).item():.4g}"
    probabilities = output.softmax(-1)
    best = int(probabilities.argmax())
    return f"{shape.classes[best]} {probabilities[best].item():.2f}"
