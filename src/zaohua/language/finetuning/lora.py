"""Low-rank adapters: the matrices of a trained model stay as they are, and a product of two thin ones is added to them.

W' = W + (α / r) B A with A: [r, in], B: [out, r], Hu et al. 2021 (arXiv:2106.09685), eq. 3.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.nn.onednn import OneDNN
from zaohua.recipe import Section
from zaohua.seeding import dropout

_SITE = 1 << 20  # of the first adapter's dropout, see zaohua.seeding: beyond those of any stack of blocks


class LoRAConfig(Section):
    """The `[lora]` section: which matrices get an adapter, and how large a one."""

    rank: int = Field(16, ge=1, le=4096)
    alpha: float = Field(32.0, gt=0, allow_inf_nan=False)
    dropout: float = Field(0.0, ge=0, lt=1, description="of what goes into the adapters, while training")
    targets: Literal["all"] | list[str] = Field(
        ["q_proj", "v_proj"], description="patterns searched in the names of matrices; all: every one in the blocks"
    )
    rank_stabilised: bool = Field(False, description="scale by α / √r (Kalajdzievski 2023, arXiv:2312.03732)")

    @property
    def scale(self) -> float:
        """What B A is multiplied by."""
        return self.alpha / (self.rank**0.5 if self.rank_stabilised else self.rank)


@dataclass(frozen=True)
class Adapter:
    """Trained adapters apart from any model. matrices: name of the linear module -> A [r, in] and B [out, r];
    scales: name -> what B A is multiplied by."""

    matrices: Mapping[str, tuple[Tensor, Tensor]]
    scales: Mapping[str, float]

    def delta(self, name: str) -> Tensor:
        """What is added to one weight, [out, in]."""
        a, b = self.matrices[name]
        return (b.float() @ a.float()).mul_(self.scales[name])

    def merged(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A decoder's state dict with the adapters in its weights; `state` itself stays as it is."""
        added = dict(state)
        for name in self.matrices:
            weight = state[f"{name}.weight"]
            added[f"{name}.weight"] = (weight.float() + self.delta(name).to(weight.device)).to(weight.dtype)
        return added


@torch.no_grad()
def merge(model: nn.Module, adapter: Adapter, sign: float = 1.0) -> None:
    """Add adapters to a model's weights in place; sign = -1 takes them out again, up to rounding."""
    for name in adapter.matrices:
        weight = model.get_submodule(name).weight
        assert isinstance(weight, Tensor)
        weight.add_(adapter.delta(name).to(weight), alpha=sign)


class _Switch:
    """What all adapters of one model share: whether they take part, and the random keys of their dropout."""

    def __init__(self) -> None:
        self.on = True
        self.keys: Tensor | None = None  # int32 [texts], see zaohua.seeding
        self.lengths: Sequence[int] = ()  # of the parts of a row that have a key each


class LoRALinear(nn.Module):
    """A linear module that does not learn, with an adapter that does. [B, T, in] -> [B, T, out]"""

    def __init__(self, linear: nn.Linear, config: LoRAConfig, switch: _Switch, site: int) -> None:
        super().__init__()
        self.linear, self.switch, self.site = linear, switch, site
        self.scale, self.dropout = config.scale, config.dropout
        rank, like = config.rank, linear.weight
        self.lora_A = nn.Parameter(like.new_empty(rank, linear.in_features))
        self.lora_B = nn.Parameter(like.new_zeros(linear.out_features, rank))
        self._frozen: _Frozen | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.switch.on:
            return self.linear(x)
        dropped = self._dropped(x)
        weight, bias = self.linear.weight, self.linear.bias
        if torch.is_autocast_enabled(x.device.type):  # which sees through no function of ours
            low = F.linear(x if dropped is None else dropped, self.lora_A)
            return F.linear(x, weight, bias) + self.scale * F.linear(low, self.lora_B)
        if self._frozen is None or self._frozen.weight is not weight:
            self._frozen = _Frozen(weight, bias)
        return _LoRA.apply(x, dropped, self._frozen, self.lora_A, self.lora_B, self.scale)

    def _dropped(self, x: Tensor) -> Tensor | None:
        """x after dropout; None where there is none."""
        keys = self.switch.keys
        if keys is None or not self.dropout:
            return None
        parts = x.split(list(self.switch.lengths), dim=1)
        return torch.cat(
            [dropout(part, self.dropout, keys[i : i + 1], self.site) for i, part in enumerate(parts)], dim=1
        )


class _Frozen:
    """A matrix that never changes, in both directions; packed for oneDNN where there is that, when first used.

    The two copies take twice the memory of the matrix and a tenth of a step's time away.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.weight, self.bias = weight, bias
        self.packs = OneDNN.serves(weight)
        self._forward: OneDNN | None = None
        self._backward: OneDNN | None = None

    def forward(self, x: Tensor) -> Tensor:
        """x Wᵀ + b. [N, in] -> [N, out]"""
        if not self._packs(x):
            return F.linear(x, self.weight, self.bias)
        if self._forward is None:
            self._forward = OneDNN(self.weight, self.bias)
        return self._forward(x)

    def backward(self, gradient: Tensor) -> Tensor:
        """What the gradient is before the product. [N, out] -> [N, in]"""
        if not self._packs(gradient):
            return gradient @ self.weight
        if self._backward is None:
            self._backward = OneDNN(self.weight.t(), None)
        return self._backward(gradient)

    def _packs(self, x: Tensor) -> bool:
        return self.packs and x.dtype == self.weight.dtype and x.device == self.weight.device


class _LoRA(torch.autograd.Function):
    """x Wᵀ + b + s x Aᵀ Bᵀ, the adapter's share added in place: left to autograd, it would go through memory five
    times, and W would get a gradient that nobody needs."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        dropped: Tensor | None,
        frozen: _Frozen,
        a: Tensor,
        b: Tensor,
        scale: float,
    ) -> Tensor:
        rows = (x if dropped is None else dropped).flatten(0, -2)  # [N, in]
        low = rows @ a.t()  # [N, r]
        y = frozen.forward(x.flatten(0, -2)).addmm_(low, b.t(), alpha=scale)
        ctx.save_for_backward(rows, low, a, b)
        ctx.frozen, ctx.scale, ctx.drops = frozen, scale, dropped is not None
        return y.view(*x.shape[:-1], -1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        rows, low, a, b = ctx.saved_tensors
        shape = (*gradient.shape[:-1], -1)
        gradient = gradient.flatten(0, -2)  # [N, out]
        of_low = (gradient @ b).mul_(ctx.scale)  # [N, r]
        of_x = ctx.frozen.backward(gradient) if ctx.needs_input_grad[0] else None
        of_dropped = None
        if ctx.drops:
            of_dropped = (of_low @ a).view(shape) if ctx.needs_input_grad[1] else None
        elif of_x is not None:
            of_x.addmm_(of_low, a)
        of_x = None if of_x is None else of_x.view(shape)
        return of_x, of_dropped, None, of_low.t() @ rows, (gradient.t() @ low).mul_(ctx.scale), None


class Adapters:
    """The adapters in a model: `attach` puts them there."""

    def __init__(self, layers: Mapping[str, LoRALinear], switch: _Switch, config: LoRAConfig) -> None:
        self.layers, self.config, self._switch = dict(layers), config, switch

    @contextmanager
    def off(self) -> Iterator[None]:
        """Within the block, the model is as it was before."""
        before, self._switch.on = self._switch.on, False
        try:
            yield
        finally:
            self._switch.on = before

    @contextmanager
    def dropping(self, keys: Tensor, lengths: Sequence[int]) -> Iterator[None]:
        """Within the block, dropout is in force. keys: int32 [n], one for each part of the row, `lengths` long."""
        self._switch.keys, self._switch.lengths = keys, lengths
        try:
            yield
        finally:
            self._switch.keys = None

    def adapter(self, weights: Mapping[str, Tensor] | None = None) -> Adapter:
        """The adapters by themselves, from the model or from a state dict of it."""
        found = {}
        for name, layer in self.layers.items():
            own = (layer.lora_A, layer.lora_B)
            found[name] = own if weights is None else (weights[f"{name}.lora_A"], weights[f"{name}.lora_B"])
        return Adapter(
            {name: (a.detach().cpu(), b.detach().cpu()) for name, (a, b) in found.items()},
            dict.fromkeys(found, self.config.scale),
        )


def attach(model: nn.Module, config: LoRAConfig, seed: int) -> Adapters:
    """Freeze the model and give every matching linear module an adapter that begins as nothing: B is zero.

    The frozen weights become buffers outside the state dict, which then holds the adapters alone: a checkpoint needs
    no more, for the base is on disk already. Raises UsageError, with the names there are, for a pattern without a
    match.
    """
    linears = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    inside = [name for name in linears if ".layers." in name]
    chosen = inside if config.targets == "all" else _matching(config.targets, inside)
    freeze(model)
    switch, layers = _Switch(), {}
    generator = torch.Generator().manual_seed(seed)
    for index, name in enumerate(chosen):
        layer = LoRALinear(linears[name], config, switch, _SITE + index)
        bound = linears[name].in_features ** -0.5
        with torch.no_grad():
            layer.lora_A.copy_(torch.empty(layer.lora_A.shape).uniform_(-bound, bound, generator=generator))
        parent, _, own = name.rpartition(".")
        setattr(model.get_submodule(parent), own, layer)
        layers[name] = layer
    return Adapters(layers, switch, config)


def _matching(patterns: Sequence[str], names: Sequence[str]) -> list[str]:
    for pattern in patterns:
        try:
            found = any(re.search(pattern, name) for name in names)
        except re.error as error:
            raise UsageError(t("finetune.bad_pattern", pattern=pattern, reason=error)) from error
        if not found:
            known = ", ".join(dict.fromkeys(name.rpartition(".")[2] for name in names))
            raise UsageError(t("finetune.no_target", pattern=pattern, known=known))
    return [name for name in names if any(re.search(pattern, name) for pattern in patterns)]


def freeze(model: nn.Module) -> None:
    """Make every parameter a buffer that is no part of the state dict."""
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            delattr(module, name)
            module.register_buffer(name, parameter.detach(), persistent=False)
