"""Fusion of whole sequences by attention: every token of every modality can be looked at."""

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zaohua.multimodal.fusion.base import Fused, Fusion
from zaohua.multimodal.fusion.clocks import Stream, align, clock
from zaohua.nn.attention import CrossAttention, attention
from zaohua.nn.config import TransformerConfig
from zaohua.nn.norm import RMSNorm
from zaohua.nn.transformer import SwiGLU


class Reading(nn.Module):
    """Queries look at tokens and think about it: attention and a feed-forward part, each added to the stream.

    Beside what was read it says of how much attention each modality had: the mass of the softmax on its tokens.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        if dim % heads:
            raise ValueError(f"{heads} heads do not divide {dim} numbers")
        shape = TransformerConfig(
            layers=1, width=dim, heads=heads, kv_heads=heads, head_dim=dim // heads, ffn_width=2 * dim, causal=False
        )
        self.norm, self.tokens_norm, self.mlp_norm = (RMSNorm(dim, shape.norm_eps) for _ in range(3))
        self.attention = CrossAttention(shape)
        self.mlp = SwiGLU(dim, shape.ffn_width)

    def forward(self, x: Tensor, tokens: Tensor, mask: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
        """x: [B, T, D]; tokens: [B, S, D]; mask: bool [B, S]; owners: whose token each is, one-hot [S, K].

        Returns [B, T, D] and the masses [B, T, K], means over the heads. With no token to look at both are finite.
        """
        q = self.attention.queries(self.norm(x))
        k, v = self.attention.keys_values(self.tokens_norm(tokens))
        marks = owners.to(v).expand(*v.shape[:2], *owners.shape)  # [B, H, S, K]: their attention is its mass
        seen = (mask | ~mask.any(-1, keepdim=True))[:, None, None]
        read, mass = attention(q, k, torch.cat([v, marks], dim=-1), mask=seen).split([v.shape[-1], owners.shape[1]], -1)
        x = x + self.attention.joined(read)
        return x + self.mlp(self.mlp_norm(x)), mass.mean(1)


class TokenFusion(Fusion):
    """The frame of such fusions: tokens of all modalities in one row, each marked by a learned vector of its own
    modality, and a question for every step of the output: a learned one, and what the step's features say on average.

    Where in time a token stands is for the encoder to write into it.
    """

    def __init__(self, dims: Mapping[str, int], dim: int, *, clock: str | None = None, null: bool = True) -> None:
        super().__init__(dims, dim, clock=clock, null=null)
        self.projections = nn.ModuleList(nn.Linear(size, dim) for size in self.dims.values())
        self.marks = nn.Parameter(torch.randn(len(dims), dim))
        self.question = nn.Parameter(torch.randn(dim))

    def fuse(self, streams: list[Stream]) -> Fused:
        marked = zip(streams, self.projections, self.marks, strict=True)
        streams = [
            Stream(torch.where(mask[..., None], project(x) + mark, 0), mask) for (x, mask), project, mark in marked
        ]
        steps, lengths = clock(streams, None if self.clock is None else self.modalities.index(self.clock))
        aligned = [align(stream, steps, lengths) for stream in streams]
        there = torch.stack([mask for _, mask in aligned], dim=-1)  # [B, T, M]
        average = torch.stack([x for x, _ in aligned]).sum(0) / there.sum(-1, keepdim=True).clamp(min=1)
        x, weights = self.read(self.question + average, streams)
        present = there.any(-1)
        return Fused(x, present, weights * present[..., None])

    @abstractmethod
    def read(self, questions: Tensor, streams: list[Stream]) -> tuple[Tensor, Tensor]:
        """questions: [B, T, D] -> answers [B, T, D] and the mass of attention of each modality, [B, T, M]."""


def in_a_row(streams: list[Stream]) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens [B, S, D] of all streams end to end, their mask [B, S] and their owners, one-hot bool [S, M]."""
    numbers = torch.cat([torch.full((stream.x.shape[1],), m) for m, stream in enumerate(streams)])
    owners = torch.nn.functional.one_hot(numbers, len(streams)).bool().to(streams[0].x.device)
    return torch.cat([x for x, _ in streams], dim=1), torch.cat([mask for _, mask in streams], dim=1), owners


class Cross(TokenFusion):
    """Cross-attention: the questions look at the tokens of all modalities, `layers` times."""

    def __init__(
        self,
        dims: Mapping[str, int],
        dim: int,
        *,
        heads: int = 4,
        layers: int = 1,
        clock: str | None = None,
        null: bool = True,
    ) -> None:
        super().__init__(dims, dim, clock=clock, null=null)
        self.layers = nn.ModuleList(Reading(dim, heads) for _ in range(layers))

    def read(self, questions: Tensor, streams: list[Stream]) -> tuple[Tensor, Tensor]:
        tokens = in_a_row(streams)
        masses = []
        for layer in self.layers:
            questions, mass = layer(questions, *tokens)
            masses.append(mass)
        return questions, torch.stack(masses).mean(0)
