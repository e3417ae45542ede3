"""What a family of published models is: reading and writing its config.json, and where its tensors go."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from zaohua.language.decoder import DecoderConfig
from zaohua.language.encoders.encoder import EncoderConfig

Config = DecoderConfig | EncoderConfig
_LAYER = re.compile(r"(?<=\.layers\.)\d+")


@dataclass(frozen=True)
class Part:
    """A tensor of the published form: those of ours in it, one under the other, and whether it lies transposed."""

    ours: tuple[str, ...]
    transposed: bool = False

    def join(self, state: Mapping[str, Tensor]) -> Tensor:
        """The published tensor, made of ours."""
        tensors = [state[name].detach() for name in self.ours]
        whole = tensors[0] if len(tensors) == 1 else torch.cat(tensors)
        return (whole.t() if self.transposed else whole).cpu().contiguous()

    def split(self, whole: Tensor, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
        """The inverse of join."""
        whole = whole.t() if self.transposed else whole
        pieces = whole.split([shapes[name][0] for name in self.ours])
        return {name: piece.contiguous() for name, piece in zip(self.ours, pieces, strict=True)}

    def shape(self, shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
        """Shape of the published tensor, given those of ours."""
        first = shapes[self.ours[0]]
        whole = (sum(shapes[name][0] for name in self.ours), *first[1:])
        return whole[::-1] if self.transposed else whole


@dataclass(frozen=True)
class SpecialIds:
    """Tokens that config.json names; None where the tokeniser has none for that use."""

    bos: int | None = None
    eos: int | None = None
    pad: int | None = None


class Family(Protocol):
    """The modules of this package are families."""

    @property
    def MODEL_TYPES(self) -> tuple[str, ...]:  # noqa: N802  (a constant of the module)
        """What config.json calls them."""

    def from_json(self, raw: Mapping[str, Any], path: Path, names: Collection[str] = ()) -> Config:
        """The model that config.json describes. names: tensors in the folder. A setting that our blocks have no part
        for is refused with a ZaohuaError, never ignored."""

    def fits(self, config: Config) -> bool:
        """Whether a model of this shape can be published in the family's form."""

    def to_json(self, config: Any, ids: SpecialIds, dtype: str) -> dict[str, Any]:
        """config.json. dtype: of the weights, such as "float32"."""

    def layout(self, config: Any, names: Iterable[str]) -> dict[str, Part]:
        """Published name -> what it holds. names: of our parameters."""

    def canonical(self, name: str) -> str | None:
        """The layout's name for a tensor found in a file, where older files say otherwise; None: it carries nothing."""


def usual_keys(dtype: str, **ids: int | None) -> dict[str, Any]:
    """What config.json ends with in every family. ids: bos, eos and pad, as far as the family names them."""
    return {
        "initializer_range": 0.02,
        "use_cache": True,
        **{f"{name}_token_id": token for name, token in ids.items()},
        "dtype": dtype,
        "torch_dtype": dtype,  # readers before transformers 5
    }


def stored(names: Iterable[str], config: DecoderConfig) -> Iterator[str]:
    """Those of our parameters that a file holds: a head that is the table of embeddings stands there once."""
    return (name for name in names if not (config.tied and name == "lm_head.weight"))


def place(
    names: Iterable[str], modules: Mapping[str, str], transposed: Callable[[str], bool] = lambda published: False
) -> dict[str, Part]:
    """A layout from a table of modules, our name -> the published one, with {} for the layer's number.

    Several of ours under one published name are stacked there in the order of `names`.
    """
    parts: dict[str, Part] = {}
    for name in names:
        module, _, leaf = name.rpartition(".")
        layer = _LAYER.search(module)
        theirs = modules[_LAYER.sub("{}", module)]
        published = f"{theirs.format(layer[0]) if layer else theirs}.{leaf}"
        before = parts[published].ours if published in parts else ()
        parts[published] = Part((*before, name), transposed(published))
    return parts
