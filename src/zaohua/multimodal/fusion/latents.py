"""Fusion through a few latent tokens, whose number does not grow with the lengths of what is fused."""

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zaohua.multimodal.fusion.clocks import Stream
from zaohua.multimodal.fusion.tokens import Reading, TokenFusion, in_a_row


class LatentFusion(TokenFusion):
    """The frame of both: latents take up what the modalities say, and the questions look at nothing but them.

    latents: how many. layers: how often they look.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        dim: int,
        *,
        heads: int = 4,
        latents: int = 4,
        layers: int = 1,
        clock: str | None = None,
        null: bool = True,
    ) -> None:
        super().__init__(dims, dim, clock=clock, null=null)
        self.latents = nn.Parameter(torch.randn(latents, dim))
        self.layers = nn.ModuleList(self.layer(heads) for _ in range(layers))
        self.answer = Reading(dim, heads)

    def read(self, questions: Tensor, streams: list[Stream]) -> tuple[Tensor, Tensor]:
        latents = self.latents.expand(len(questions), -1, -1)
        weights = []
        for layer in self.layers:
            latents, streams, taken = layer(latents, streams)
            weights.append(taken)
        answers, _ = self.answer(questions, *_all(latents))
        return answers, torch.stack(weights).mean(0)[:, None].expand(-1, questions.shape[1], -1)

    @abstractmethod
    def layer(self, heads: int) -> nn.Module:
        """latents [B, K, D], streams -> both as they are after it, and the share of each modality in what the latents
        took up, [B, M]."""


class Bottleneck(LatentFusion):
    """Each modality thinks for itself, together with a few tokens it shares with the others; through them alone does it
    learn of these. What they have become beside each modality present is averaged.

    Nagrani et al. 2021 (arXiv:2107.00135). A modality's weight is the attention that the shared tokens pay to it rather
    than to one another, as a share of that to all.
    """

    def layer(self, heads: int) -> nn.Module:
        return _Shared(len(self.dims), self.dim, heads)


class Perceiver(LatentFusion):
    """Latents look at all tokens, then at one another. Jaegle et al. 2021 (arXiv:2107.14795)."""

    def layer(self, heads: int) -> nn.Module:
        return _TakeUp(self.dim, heads)


class _Shared(nn.Module):
    def __init__(self, modalities: int, dim: int, heads: int) -> None:
        super().__init__()
        self.own = nn.ModuleList(Reading(dim, heads) for _ in range(modalities))

    def forward(self, latents: Tensor, streams: list[Stream]) -> tuple[Tensor, list[Stream], Tensor]:
        common = _all(latents)[1]
        beside, after, masses = [], [], []
        for think, (x, mask) in zip(self.own, streams, strict=True):
            tokens, seen, owners = in_a_row([Stream(x, mask), Stream(latents, common)])
            tokens, mass = think(tokens, tokens, seen, owners)
            own, shared = tokens.split([x.shape[1], latents.shape[1]], dim=1)
            beside.append(shared)
            after.append(Stream(own, mask))
            masses.append(mass[:, x.shape[1] :, 0].mean(1))  # that of the shared tokens on the modality's own
        present = torch.stack([mask.any(-1) for _, mask in streams], dim=-1).to(latents.dtype)  # [B, M]
        shares = present / present.sum(-1, keepdim=True).clamp(min=1)
        mass = torch.stack(masses, dim=-1) * present
        weights = mass / mass.sum(-1, keepdim=True).clamp(min=torch.finfo(mass.dtype).tiny)
        return torch.einsum("bm,mbkd->bkd", shares, torch.stack(beside)), after, weights


class _TakeUp(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.look, self.think = Reading(dim, heads), Reading(dim, heads)

    def forward(self, latents: Tensor, streams: list[Stream]) -> tuple[Tensor, list[Stream], Tensor]:
        latents, mass = self.look(latents, *in_a_row(streams))
        return self.think(latents, *_all(latents))[0], streams, mass.mean(1)


def _all(latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Latents as tokens that can all be looked at and belong together."""
    here = latents.new_ones(latents.shape[:2], dtype=torch.bool)
    return latents, here, latents.new_ones(latents.shape[1], 1, dtype=torch.bool)
