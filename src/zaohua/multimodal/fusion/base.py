"""What every fusion shares: features of several modalities in, one sequence out, whatever is missing.

A modality is absent where its mask says so or where its key is not given at all. Absent features are put out before any
arithmetic: zero times NaN is NaN, in the gradient too. From there on, each way of fusing says what absence means to it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from zaohua.multimodal.fusion.clocks import Stream, align, clock
from zaohua.multimodal.fusion.masks import full_masks


@dataclass(frozen=True)
class Fused:
    """x: [B, T, D]; mask: where anything was present, bool [B, T]; weights: share of each modality, [B, T, M] in the
    order of `Fusion.modalities`, whose sum is 1 where the mask is set and 0 elsewhere, or None for a fusion that has no
    such thing. A weight is what the fusion gave a modality, not what that modality caused: see `explaining`.

    levels: what each modality, and each joint level, says alone, [B, T, D] by name, where the fusion is a sum of such;
    `present` says of each, bool [B, T], whether it had anything to go by. believed: the same of each modality as far as
    its weight trusts it, where the weights are learnt from that; see `levels_loss`.
    """

    x: Tensor
    mask: Tensor
    weights: Tensor | None
    levels: Mapping[str, Tensor] = field(default_factory=dict)
    present: Mapping[str, Tensor] = field(default_factory=dict)
    believed: Mapping[str, Tensor] = field(default_factory=dict)


class Fusion(nn.Module, ABC):
    """The frame: check, put out what is absent, fuse, and a learned token where nothing is present.

    dims: numbers in a feature of each modality; their order does not matter. dim: numbers in what comes out.
    clock: the modality whose steps the output has; None pools everything into one step. null: whether a learned token
    stands where nothing is present, else zeros.
    """

    def __init__(self, dims: Mapping[str, int], dim: int, *, clock: str | None = None, null: bool = True) -> None:
        super().__init__()
        if not dims or dim < 1 or min(dims.values()) < 1:
            raise ValueError(f"a fusion needs modalities and positive sizes, not {dict(dims)} and {dim}")
        if clock is not None and clock not in dims:
            raise ValueError(f"the clock {clock!r} is none of the modalities {', '.join(sorted(dims))}")
        self.modalities = tuple(sorted(dims))
        self.dims = {name: dims[name] for name in self.modalities}
        self.dim, self.clock = dim, clock
        self.null = nn.Parameter(0.02 * torch.randn(dim)) if null else None

    def forward(self, feats: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None) -> Fused:
        """feats: features of those modalities that are there, [B, T_m, D_m]; masks: True where a feature is valid, bool
        [B, T_m]; one that is not given is True throughout.

        Raises ValueError for a modality the fusion does not know and for shapes that do not fit.
        """
        fused = self.fuse(self._streams(feats, masks))
        if self.null is None:
            return fused
        return replace(fused, x=torch.where(fused.mask[..., None], fused.x, self.null))

    @abstractmethod
    def fuse(self, streams: list[Stream]) -> Fused:
        """One stream for each of `modalities`, absent features being zero. What x is where nothing is present does
        not matter, as long as it is finite."""

    def _streams(self, feats: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None) -> list[Stream]:
        if unknown := sorted(set(feats) - set(self.dims)):
            raise ValueError(f"{unknown[0]!r} is none of the modalities {', '.join(self.modalities)}")
        if not feats:
            raise ValueError("give at least one modality; one that is absent may be given with a mask of False")
        valid = full_masks(feats, masks)
        some = next(iter(feats.values()))
        streams = []
        for name, width in self.dims.items():
            x = feats.get(name, some.new_zeros(len(some), 0, width))
            if x.shape != (len(some), x.shape[1], width):
                raise ValueError(
                    f"features of {name!r} are [B, T, {width}], not {list(x.shape)} for a batch of {len(some)}"
                )
            mask = valid.get(name, x.new_zeros(x.shape[:2], dtype=torch.bool))
            streams.append(Stream(torch.where(mask[..., None], x, 0), mask))
        return streams


class Stepwise(Fusion):
    """A fusion of what each modality says at one step: [B, T, W_m] for each, on one clock.

    widths: numbers in a projected feature of each modality. bias: whether the projection has one.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        dim: int,
        widths: Mapping[str, int] | int,
        *,
        bias: bool = True,
        clock: str | None = None,
        null: bool = True,
    ) -> None:
        super().__init__(dims, dim, clock=clock, null=null)
        self.widths = widths if isinstance(widths, Mapping) else dict.fromkeys(self.dims, widths)
        # A list, in order: a modality may be named after a column, and names of submodules may hold no dots
        self.projections = nn.ModuleList(
            nn.Linear(size, self.widths[name], bias=bias) for name, size in self.dims.items()
        )

    def fuse(self, streams: list[Stream]) -> Fused:
        aligned = self.aligned(streams)
        present = torch.stack([mask for _, mask in aligned], dim=-1)  # [B, T, M]
        values = [
            torch.where(mask[..., None], project(x), 0)
            for project, (x, mask) in zip(self.projections, aligned, strict=True)
        ]
        return self.combine(values, present)

    def aligned(self, streams: list[Stream]) -> list[Stream]:
        """Every stream on the clock of the output."""
        steps, lengths = clock(streams, None if self.clock is None else self.modalities.index(self.clock))
        return [align(stream, steps, lengths) for stream in streams]

    @abstractmethod
    def combine(self, values: list[Tensor], present: Tensor) -> Fused:
        """values: [B, T, W_m] for each modality, exactly 0 where it is absent; present: bool [B, T, M]."""
