"""Fusion of decisions, and of every level at once. What comes out are logits: `dim` is the number of classes."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.multimodal.fusion.attention import modality_weights
from zaohua.multimodal.fusion.base import Fused, Fusion, Stepwise
from zaohua.multimodal.fusion.clocks import Stream
from zaohua.multimodal.fusion.latents import Bottleneck
from zaohua.multimodal.fusion.multiplicative import Bilinear

JOINT = "joint"  # what the levels above one modality say together
_MOST_PRECISE = 8.0  # in logarithms: strange features make no weight, and no loss, infinite


class Decision(Stepwise):
    """log p(y | x_1 … x_M) = log p(y) + Σ_m log [p(y | x_m) / p(y)] + const, over what is present: the product of what
    the modalities say, exact where they have nothing in common but y.

    log p(y) is the token that stands where nothing is present; with what one modality adds to it, it is what that one
    says alone, one of `Fused.levels`.

    The weights are the softmax of §4.3 over how far each modality can be believed: e_m is the logarithm of the length
    at which the direction of what it adds would be likeliest to be right, told from its features by a linear function
    that `levels_loss` teaches. α_m is then m's share of all that precision. The length itself, which differs from
    sample to sample by luck as well, follows the noise less closely. No answer depends on the weights.

    hidden: width of each modality's own head, one for all or by name; 0 makes it a matrix alone. The head's tanh bounds
    what can be added: a modality whose features are like none it was trained on cannot outshout the others.
    """

    def __init__(
        self, dims: Mapping[str, int], dim: int, *, hidden: int | Mapping[str, int] = 32, clock: str | None = None
    ) -> None:
        hiddens = dict.fromkeys(dims, hidden) if isinstance(hidden, int) else dict(hidden)
        if hiddens.keys() != dims.keys():
            raise ValueError(f"hidden is one width, or one for each of {', '.join(sorted(dims))}")
        super().__init__(dims, dim, {name: width or dim for name, width in hiddens.items()}, clock=clock)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Tanh(), nn.Linear(hiddens[name], dim)) if hiddens[name] else nn.Identity()
            for name in self.modalities
        )
        self.precisions = nn.ModuleList(_undecided(self.widths[name]) for name in self.modalities)

    def combine(self, values: list[Tensor], present: Tensor) -> Fused:
        said = torch.stack([head(value) for head, value in zip(self.heads, values, strict=True)], dim=2)
        evidence = torch.where(present[..., None], said, 0)  # [B, T, M, D]
        prior = self.prior()
        alone = {name: prior + evidence[..., m, :] for m, name in enumerate(self.modalities)}
        there = {name: present[..., m] for m, name in enumerate(self.modalities)}
        # Detached: how far to believe a modality is learnt without a change to what it says
        precise = [score(value.detach()) for score, value in zip(self.precisions, values, strict=True)]
        scores = torch.cat(precise, dim=-1).clamp(-_MOST_PRECISE, _MOST_PRECISE)
        trusted = prior.detach() + scores.exp()[..., None] * _directions(evidence.detach())
        believed = {name: trusted[..., m, :] for m, name in enumerate(self.modalities)}
        weights = modality_weights(scores, present)
        return Fused(prior + evidence.sum(2), present.any(-1), weights, alone, there, believed)

    def prior(self) -> Tensor:
        """log p(y) but for a constant, [D]"""
        assert self.null is not None
        return self.null


class Semantic(Stepwise):
    """One space of meanings for all modalities: the direction of the mean of their unit vectors, as sentence embeddings
    are averaged, and its cosine with a learned vector of each class, by a learned factor.

    width: numbers in a meaning.
    """

    def __init__(
        self, dims: Mapping[str, int], dim: int, *, width: int = 32, clock: str | None = None, null: bool = True
    ) -> None:
        super().__init__(dims, dim, width, clock=clock, null=null)
        self.classes = nn.Parameter(torch.randn(dim, width))
        self.log_scale = nn.Parameter(torch.zeros(()))

    def combine(self, values: list[Tensor], present: Tensor) -> Fused:
        meaning = F.normalize(torch.stack([F.normalize(value, dim=-1) for value in values]).sum(0), dim=-1)
        logits = self.log_scale.exp() * meaning @ F.normalize(self.classes, dim=-1).T
        return Fused(logits, present.any(-1), None)


class _Tokens(Bottleneck):
    """A bottleneck that says it in logits."""

    def __init__(self, dims: Mapping[str, int], dim: int, *, width: int, clock: str | None) -> None:
        super().__init__(dims, width, heads=1, clock=clock, null=False)
        self.out = nn.Linear(width, dim, bias=False)

    def fuse(self, streams: list[Stream]) -> Fused:
        fused = super().fuse(streams)
        return Fused(self.out(fused.x), fused.mask, fused.weights)


_LEVELS: dict[str, Callable[[Mapping[str, int], int, int, str | None], Fusion]] = {
    "token": lambda dims, dim, width, clock: _Tokens(dims, dim, width=width, clock=clock),
    "feature": lambda dims, dim, width, clock: Bilinear(dims, dim, width=width, bounded=True, clock=clock, null=False),
    "semantic": lambda dims, dim, width, clock: Semantic(dims, dim, width=width, clock=clock, null=False),
}


class MultiLevel(Fusion):
    """What every modality says alone, and what only several can say: the sum of the decisions and of joint logits.

    The joint levels are tokens (pixels, frames) through a bottleneck, products of bounded features, and meanings. They
    are heard where two modalities or more are present; with one, its own decision stands, exactly.
    Madaan et al. 2024 (I2M2, arXiv:2405.17613), on every level. The weights are those of `Decision`.

    width: of the joint levels; hidden: of the decisions'. joint: which of "token", "feature" and "semantic" there are.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        dim: int,
        *,
        width: int = 32,
        hidden: int | Mapping[str, int] = 32,
        joint: Sequence[str] = ("token", "feature", "semantic"),
        clock: str | None = None,
    ) -> None:
        super().__init__(dims, dim, clock=clock, null=False)  # the decisions bring the prior
        if unknown := set(joint) - _LEVELS.keys():
            raise ValueError(f"{min(unknown)!r} is no level; there are {', '.join(_LEVELS)}")
        if JOINT in dims:
            raise ValueError(f"{JOINT!r} is what the common level is called; give the modality another name")
        self.decision = Decision(dims, dim, hidden=hidden, clock=clock)
        self.levels = nn.ModuleDict()
        for name in joint if len(dims) > 1 else ():
            self.levels[name] = _LEVELS[name](dims, dim, width, clock)

    def fuse(self, streams: list[Stream]) -> Fused:
        decided = self.decision.fuse(streams)
        if not self.levels:
            return decided
        common = torch.stack([cast(Fusion, level).fuse(streams).x for level in self.levels.values()]).sum(0)
        several = torch.stack(list(decided.present.values())).sum(0) > 1  # [B, T]
        common = torch.where(several[..., None], common, 0)
        return Fused(
            decided.x + common,
            decided.mask,
            decided.weights,
            {**decided.levels, JOINT: self.decision.prior() + common},
            {**decided.present, JOINT: several},
            decided.believed,
        )


def levels_loss(fused: Fused, loss: Callable[[Tensor], Tensor]) -> Tensor:
    """The mean, over the levels, of the mean loss of each where it has anything to go by: teaches each to stand alone.
    To that it adds the same of what is believed of them, which teaches nothing but the weights.

    loss: from logits [B, T, D] to losses [B, T]. Zero for a fusion without levels.
    """
    zero = fused.x.new_zeros(())
    return sum((_mean_loss(said, fused.present, loss) for said in (fused.levels, fused.believed) if said), zero)


def _mean_loss(said: Mapping[str, Tensor], present: Mapping[str, Tensor], loss: Callable[[Tensor], Tensor]) -> Tensor:
    return torch.stack(
        [(loss(x) * present[name]).sum() / present[name].sum().clamp(min=1) for name, x in said.items()]
    ).mean()


def _undecided(width: int) -> nn.Linear:
    """A linear score that is 0 before anything is learnt, so that all weigh alike."""
    score = nn.Linear(width, 1)
    nn.init.zeros_(score.weight)
    nn.init.zeros_(score.bias)
    return score


def _directions(evidence: Tensor) -> Tensor:
    """[..., D] of length 1 or 0; a number common to all classes says nothing and is no part of it."""
    if evidence.shape[-1] > 1:
        evidence = evidence - evidence.mean(-1, keepdim=True)
    return F.normalize(evidence, dim=-1)
