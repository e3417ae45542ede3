"""Losses of chosen tokens without ever holding the logits of all of them."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

_ROWS, _COLUMNS = 512, 2048  # tokens and words whose logits exist at a time: 4 MB, which stay near the processor


def token_losses(hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    """-log softmax(hidden headᵀ)[target] of every token, in nats. hidden: [M, D]; head: [V, D]; targets: [M] -> [M]

    With a head that is not trained, the gradient of a token's hidden state is that token's own affair: it is computed
    together with the loss, a tile of logits at a time (Milakov & Gimelshein 2018, arXiv:1805.02867). Otherwise, and
    within autocast, PyTorch's own way is taken.
    """
    plain = head.requires_grad or torch.is_autocast_enabled(hidden.device.type) or hidden.dtype != torch.float32
    if plain and torch.is_grad_enabled():
        return F.cross_entropy(F.linear(hidden, head).float(), targets, reduction="none")
    return _FrozenHead.apply(hidden, head, targets)


class _FrozenHead(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
        losses = hidden.new_empty(len(hidden), dtype=torch.float32)
        gradient = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None  # of each loss by its own state
        for start in range(0, len(hidden), _ROWS):
            rows = slice(start, start + _ROWS)
            states, wanted = hidden[rows], head[targets[rows]]  # 2 x [m, D]
            highest = torch.full((len(states), 1), -torch.inf, device=states.device)
            total = torch.zeros_like(highest)  # of exp(logit - highest) so far
            mean = torch.zeros_like(states)  # rows of the head, weighted by the same
            for words in head.split(_COLUMNS):
                logits = F.linear(states, words).float()  # [m, n]
                higher = torch.maximum(highest, logits.amax(-1, keepdim=True))
                shrink = (highest - higher).exp_()
                weights = logits.sub_(higher).exp_()
                total.mul_(shrink).add_(weights.sum(-1, keepdim=True))
                if gradient is not None:
                    mean.mul_(shrink).addmm_(weights, words)
                highest = higher
            own = (states.float() * wanted.float()).sum(-1)
            losses[rows] = total.log()[:, 0] + (highest[:, 0] - own)
            if gradient is not None:  # (softmax − one-hot) head
                gradient[rows] = mean.div_(total).sub_(wanted)
        ctx.save_for_backward(gradient)
        return losses

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, each: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * each[:, None], None, None
