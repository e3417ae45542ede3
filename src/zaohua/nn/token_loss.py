"""Losses of chosen tokens without ever holding the logits of all of them."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

_ROWS = 256  # whose logits exist at a time: enough to use the head's matrix well, few enough to stay near the processor


def token_losses(hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    """-log softmax(hidden headᵀ)[target] of every token, in nats. hidden: [M, D]; head: [V, D]; targets: [M] -> [M]

    With a head that is not trained, the gradient of a token's hidden state is that token's own affair: it is computed
    together with the loss, _ROWS tokens at a time. Otherwise, and within autocast, PyTorch's own way is taken.
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
            logits = F.linear(hidden[rows], head).float()  # [m, V]
            logits -= logits.amax(-1, keepdim=True)
            wanted = logits.gather(1, targets[rows, None])[:, 0]
            total = logits.exp_().sum(-1)
            losses[rows] = total.log() - wanted
            if gradient is not None:  # (softmax − one-hot) head
                torch.mm(logits, head, out=gradient[rows]).div_(total[:, None]).sub_(head[targets[rows]])
        ctx.save_for_backward(gradient)
        return losses

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, each: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * each[:, None], None, None
