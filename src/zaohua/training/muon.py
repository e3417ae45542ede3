"""Muon: momentum whose every matrix update is made (nearly) orthogonal before it is applied.

Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks". One step of the iteration is an odd
polynomial of the singular values; after a few, all of them are near 1. Matrices of one size are iterated together as
one batch, which on small models is what makes the method cheap.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Literal

import torch
from torch import Tensor

from zaohua.training.parallel import is_sharded, whole

Bound = Literal["gram", "frobenius"]

# aX + b(XXᵀ)X + c(XXᵀ)²X: steepest at 0, so small directions grow fast, and never settles: values end in about 0.7-1.2.
QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonalise(x: Tensor, steps: int = 4, *, bound: Bound = "gram", eps: float = 1e-7) -> Tensor:
    """Each matrix of a batch with its singular values driven towards 1. x: [N, m, n] -> [N, m, n], in x's dtype.

    bound: what x is divided by first, so that no singular value exceeds 1. "frobenius", the root of the sum of their
    squares, is the usual choice; "gram", the fourth root of the sum of their fourth powers, is nearer to the largest
    one and costs nothing, since XXᵀ is needed anyway: the values start larger, which saves a step.
    """
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT  # XXᵀ is then the smaller of the two Gram matrices
    a, b, c = QUINTIC
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=eps)
    gram = x @ x.mT
    if bound == "gram":
        largest = gram.norm(dim=(-2, -1), keepdim=True).clamp(min=eps)  # at least the square of the largest value
        x, gram = x / largest.sqrt(), gram / largest
    for step in range(steps):
        if step:
            gram = x @ x.mT
        polynomial = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.baddbmm(x, polynomial, x, beta=a)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Muon for the hidden matrices of a model; embeddings, heads, gains and biases belong to AdamW.

    lr: for a square matrix the spectral norm of one update; a [rows, cols] matrix moves by
        lr * sqrt(max(1, rows / cols)), Jordan's convention and torch.optim.Muon's "original".
    momentum: of the gradient average, Nesterov style; change `group["momentum"]` between steps to warm it up.
    weight_decay: decoupled, each step shrinks a matrix by the factor 1 - lr * weight_decay.
    row_beta: evens out the rows of every update by a running mean, of this decay, of their squared size, as in NorMuon
        (Li et al. 2025, arXiv:2510.05491): an iteration cut short leaves some neurons smaller steps than others.
        0 leaves rows as they come.
    ns_steps, bound: see `orthogonalise`; 5 and "frobenius" are torch.optim.Muon's.
    precision: dtype of the iteration; None is bfloat16 on GPUs, whose matrix units want it, and float32 elsewhere.

    Parameters may be DTensors: the momentum stays sharded as they are, the whole update is gathered, made
    orthogonal, and each rank keeps its shard.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.02,
        *,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        row_beta: float = 0.0,
        ns_steps: int = 4,
        bound: Bound = "gram",
        precision: torch.dtype | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "row_beta": row_beta,
            "ns_steps": ns_steps,
            "bound": bound,
            "precision": precision,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add matrices with their own settings; ValueError for anything that is not a matrix."""
        super().add_param_group(param_group)
        for parameter in self.param_groups[-1]["params"]:
            if parameter.ndim != 2:
                raise ValueError(f"Muon takes matrices, not a parameter of shape {tuple(parameter.shape)}")

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            batches = defaultdict(list)  # matrices and the transposes of such go together
            for parameter in group["params"]:
                if parameter.grad is not None:
                    batches[frozenset(parameter.shape), parameter.device, parameter.dtype].append(parameter)
            for parameters in batches.values():
                self._update(group, parameters)
        return loss

    def _update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """One step of parameters of one shape, or its transpose, as a single batch."""
        for parameter in parameters:
            if not self.state[parameter]:
                self.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        buffers = [self.state[parameter]["momentum_buffer"] for parameter in parameters]
        torch._foreach_lerp_(buffers, gradients, 1 - group["momentum"])
        directions = torch._foreach_lerp(gradients, buffers, group["momentum"])

        wide = [whole(d if d.shape[0] <= d.shape[1] else d.mT) for d in directions]
        precision = group["precision"] or (torch.bfloat16 if wide[0].is_cuda else torch.float32)
        updates = orthogonalise(torch.stack(wide).to(precision), group["ns_steps"], bound=group["bound"])
        for parameter, update in zip(parameters, updates.to(parameters[0].dtype), strict=True):
            rows, cols = parameter.shape
            update = update if rows <= cols else update.mT
            if group["row_beta"]:
                update = update * self._row_scale(parameter, update, group["row_beta"])
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(_sharded_as(parameter, update), alpha=-group["lr"] * max(1, rows / cols) ** 0.5)

    def _row_scale(self, parameter: Tensor, update: Tensor, beta: float) -> Tensor:
        """What the rows of this update are multiplied by: inversely as their running size, the whole left as large as
        it was. update: [rows, cols] -> [rows, 1]"""
        state = self.state[parameter]
        squares = torch.linalg.vector_norm(update, dim=1, keepdim=True).square_()  # [rows, 1]
        if "row_squares" not in state:
            state["row_squares"] = torch.zeros_like(squares)
        mean = state["row_squares"].lerp_(squares, 1 - beta)
        evened = squares / mean.clamp(min=1e-20)  # squared sizes after every row is divided by its running size
        return (squares.sum() / evened.sum().clamp(min=1e-20) / mean.clamp(min=1e-20)).sqrt_()


def _sharded_as(parameter: Tensor, update: Tensor) -> Tensor:
    """This rank's part of `update`, which every rank holds whole, if the parameter is a DTensor."""
    if not is_sharded(parameter):
        return update
    from torch.distributed.tensor import DTensor, Replicate

    mesh = parameter.device_mesh
    replicated = DTensor.from_local(update, mesh, [Replicate()] * mesh.ndim, run_check=False)
    return replicated.redistribute(mesh, parameter.placements)
