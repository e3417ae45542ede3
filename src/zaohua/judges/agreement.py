"""Is a generated picture of the class that was asked for? A classifier that has learnt from real pictures says so.

It is linear, on an extractor's features, and has seen no generated picture. How often it is right about real pictures
that were held back is printed beside: where kinds are hard to tell apart, neither value is near 1.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

_STEPS = 60  # of L-BFGS
_DECAY = 1e-3
_FLOOR = 0.1  # of a feature's spread, so that one that hardly varies is not blown up

Labelled = tuple[np.ndarray, Tensor]  # features float32 [N, D] and numbers of classes int64 [N]


def agreement_report(reference: Labelled, made: Labelled, held_out: Labelled) -> dict[str, float]:
    """value: share of the generated pictures that are taken for the class they were made as; floor: of the real ones
    held back that are taken for theirs. reference: what the classifier learns from."""
    features, labels = torch.from_numpy(reference[0]).float(), reference[1]
    mean, spread = features.mean(0), features.std(0) + _FLOOR
    weight, bias = _fitted((features - mean) / spread, labels)

    def share(of: Labelled) -> float:
        scores = ((torch.from_numpy(of[0]).float() - mean) / spread) @ weight + bias
        return float((scores.argmax(1) == of[1]).double().mean())

    return {"value": share(made), "floor": share(held_out)}


def _fitted(x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Softmax regression with a little decay: weights [D, K] and bias [K]."""
    classes = int(labels.max()) + 1
    weight, bias = torch.zeros(x.shape[1], classes), torch.zeros(classes)
    parameters = [weight.requires_grad_(), bias.requires_grad_()]
    optimiser = torch.optim.LBFGS(parameters, max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = F.cross_entropy(x @ weight + bias, labels) + _DECAY * weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    return weight.detach(), bias.detach()
