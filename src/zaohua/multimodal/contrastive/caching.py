"""Large batches in little memory: a contrastive loss needs all vectors of a batch, but not all activations at once.

Vectors are made part by part without keeping what led to them; once the loss over all of them has a gradient, each part
is made again and carries its share of it back ("GradCache", Gao et al. 2021, arXiv:2101.06983). It costs one more
forward pass, and the gradient is that of the whole batch.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint


def in_parts(encode: Callable[..., Tensor], rows: int | None, *inputs: Tensor | None) -> Tensor:
    """encode(*inputs), at most `rows` rows at a time; None: all at once. inputs: [N, …] each, or None for all parts.

    encode must be a function of its inputs alone: random masks follow from keys among them.
    """
    count = next(len(x) for x in inputs if x is not None)
    if rows is None or rows >= count:
        return encode(*inputs)
    parts = [[None if x is None else x[start : start + rows] for x in inputs] for start in range(0, count, rows)]
    made = [checkpoint(encode, *part, use_reentrant=False, preserve_rng_state=False) for part in parts]
    return torch.cat(made)
