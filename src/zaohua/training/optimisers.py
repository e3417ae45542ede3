"""AdamW and Muon over named parameters, grouped by pattern."""

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.training.config import GroupConfig, TrainConfig
from zaohua.training.muon import Muon


class Optimiser:
    """Several torch optimisers stepped as one, with every parameter known by name."""

    def __init__(self, parts: Sequence[torch.optim.Optimizer], names: Mapping[nn.Parameter, str]) -> None:
        self.parts, self.names = tuple(parts), dict(names)

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Everything this optimiser moves."""
        return list(self.names)

    def set_factor(self, factor: float) -> None:
        """Scale every group's learning rate from the value it was built with."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = group["base_lr"] * factor

    def step(self) -> None:
        """Update the parameters from their gradients."""
        for part in self.parts:
            part.step()

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.names:
            parameter.grad = None

    def state_tensors(self) -> dict[str, Tensor]:
        """The optimisers' memory as "parameter name/key" -> tensor."""
        return {
            f"{name}/{key}": value
            for part in self.parts
            for parameter, name in self.names.items()
            for key, value in part.state.get(parameter, {}).items()
        }

    def make_state(self, shapes: Mapping[str, Sequence[int]]) -> None:
        """Room for a saved state_tensors(), to be filled: key -> shape, zeros laid out as the parameter is."""
        owners = {self.names[p]: (part, p) for part in self.parts for g in part.param_groups for p in g["params"]}
        for key, shape in shapes.items():
            name, _, field = key.rpartition("/")
            part, parameter = owners[name]
            like = list(shape) == list(parameter.shape)
            part.state[parameter][field] = (
                torch.zeros_like(parameter) if like else torch.zeros(tuple(shape), device=parameter.device)
            )

    def forget(self) -> None:
        """Drop all memory, as if no step had been taken."""
        for part in self.parts:
            part.state.clear()


def build(named: Mapping[str, nn.Parameter], config: TrainConfig, *, matrices: Sequence[str] = ()) -> Optimiser:
    """The recipe's optimiser for these parameters.

    named: parameter name -> parameter. matrices: names that Muon takes when the recipe asks for Muon (the
    matrices inside blocks); everything else goes to AdamW. config.groups may change rate, decay or optimiser for
    the names a pattern finds; the last pattern that matches wins, and one that matches nothing is an error.
    """
    assert config.learning_rate is not None, "the task fills in learning rates before it builds optimisers"
    chosen: dict[str, GroupConfig | None] = dict.fromkeys(named)
    for group in config.groups:
        found = [name for name in named if re.search(group.pattern, name)]
        if not found:
            examples = ", ".join(list(named)[:3])
            raise UsageError(t("training.pattern_matches_nothing", pattern=group.pattern, examples=examples))
        chosen.update(dict.fromkeys(found, group))

    by_kind: dict[str, dict[tuple[float, float], list[nn.Parameter]]] = {"muon": {}, "adamw": {}}
    for name, parameter in named.items():
        special = chosen[name]
        kind = "muon" if config.optimiser == "muon" and name in matrices else "adamw"
        if special is not None and special.optimiser is not None:
            kind = special.optimiser
        rate = config.muon_learning_rate if kind == "muon" else config.learning_rate
        assert rate is not None
        decay = config.weight_decay if parameter.ndim >= 2 else 0.0  # gains are not decayed
        if special is not None:
            rate *= special.lr_scale
            decay = decay if special.weight_decay is None else special.weight_decay
        by_kind[kind].setdefault((rate, decay), []).append(parameter)

    def groups(kind: str) -> list[dict]:
        return [
            {"params": parameters, "lr": rate, "base_lr": rate, "weight_decay": decay}
            for (rate, decay), parameters in by_kind[kind].items()
        ]

    parts: list[torch.optim.Optimizer] = []
    if by_kind["muon"]:
        parts.append(Muon(groups("muon"), momentum=config.momentum, row_beta=config.row_beta, ns_steps=config.ns_steps))
    if by_kind["adamw"]:
        parts.append(torch.optim.AdamW(groups("adamw"), betas=config.betas, fused=True))
    return Optimiser(parts, {parameter: name for name, parameter in named.items()})
