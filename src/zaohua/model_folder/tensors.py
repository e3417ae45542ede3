"""Tensors of a model folder: safetensors, in one file or in shards. Nothing else is ever opened."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.model_folder.files import read_json

SHARD_BYTES = 5_000_000_000  # a larger model is saved in several files
_FLOATS = ("F64", "F32", "F16", "BF16")
_SPARE = 1_000_000  # numbers: so many may a description ask for beyond what a file holds before it is called hostile


class Held(Protocol):
    """A tensor in a file, of which the header alone has been read."""

    @property
    def file(self) -> Path:
        """Where it lies."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""

    def check(self) -> None:
        """Refuse numbers of a kind that cannot be read."""

    def read(self) -> Tensor:
        """Its numbers."""


@dataclass(frozen=True)
class SavedTensor:
    """A tensor in a safetensors file, known by its header alone until it is read."""

    file: Path
    name: str
    shape: tuple[int, ...]
    kind: str  # of its numbers, as safetensors spells it
    opened: Any  # safetensors' handle of the file

    def check(self) -> None:
        """Refuse numbers that are not plain floats."""
        if self.kind not in _FLOATS:
            raise ZaohuaError(t("hub.unsupported", path=self.file, key=self.name, value=self.kind))

    def read(self) -> Tensor:
        """Its numbers."""
        try:
            return self.opened.get_tensor(self.name)
        except (OSError, SafetensorError) as error:
            raise ZaohuaError(t("hub.bad_weights", path=self.file, reason=one_line(error))) from error


def check_size(asked: int, held: Mapping[str, Held], source: Path, layers: int = 0) -> None:
    """Refuse a description that asks for more numbers, or more layers, than the tensors can possibly fill: the memory
    for a model that a damaged description asks for is never claimed."""
    numbers = sum(torch.Size(tensor.shape).numel() for tensor in held.values())
    if layers > len(held) or asked > 2 * numbers + _SPARE:
        raise ZaohuaError(t("hub.other_weights", path=source, asked=f"{asked:,}", held=f"{numbers:,}"))


def check_names(
    wanted: Mapping[str, tuple[int, ...]], held: Mapping[str, Held], source: Path, beside: Collection[str] = ()
) -> None:
    """Compare names, shapes and kinds before anything is read. wanted: name -> shape; beside: names that may be left
    over. Raises ZaohuaError for weights that are missing, left over, or of the wrong shape or kind."""
    for name, shape in wanted.items():
        if name in held:
            held[name].check()
            if held[name].shape != shape:
                where, found = held[name].file, held[name].shape
                raise ZaohuaError(t("hub.wrong_shape", path=where, name=name, found=found, wanted=shape))
    if missing := sorted(wanted.keys() - held.keys()):
        raise ZaohuaError(t("hub.missing_tensors", path=source, count=len(missing), name=missing[0]))
    if extra := sorted(held.keys() - wanted.keys() - set(beside)):
        raise ZaohuaError(t("hub.extra_tensors", path=source, count=len(extra), name=one_line(extra[0])))


def read_finite(name: str, tensor: Held) -> Tensor:
    """A tensor's numbers; ZaohuaError if one of them is none."""
    numbers = tensor.read()
    if not numbers.isfinite().all():
        raise ZaohuaError(t("hub.not_finite", path=tensor.file, name=name))
    return numbers


def write_tensors(
    tensors: Mapping[str, Tensor], folder: Path, shard_bytes: int = SHARD_BYTES, name: str = "model"
) -> None:
    """Save tensors as model.safetensors, or as shards of at most `shard_bytes` with their index; or under another
    name than "model"."""
    shards: list[dict[str, Tensor]] = [{}]
    filled = 0
    for key, tensor in tensors.items():
        if shards[-1] and filled + tensor.nbytes > shard_bytes:
            shards.append({})
            filled = 0
        shards[-1][key] = tensor
        filled += tensor.nbytes
    if len(shards) == 1:
        save_file(shards[0], folder / f"{name}.safetensors", metadata={"format": "pt"})
        return
    weight_map: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        file = f"{name}-{number:05d}-of-{len(shards):05d}.safetensors"
        save_file(shard, folder / file, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(shard, file)
    total = sum(tensor.nbytes for tensor in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / f"{name}.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def saved_tensors(folder: Path, name: str = "model") -> dict[str, SavedTensor]:
    """Every tensor of the folder by its name there, of the network called `name`. Raises ZaohuaError for a damaged file
    or index, or none at all."""
    return {key: tensor for file in _files(folder, name) for key, tensor in _tensors_in(file).items()}


def _tensors_in(file: Path) -> dict[str, SavedTensor]:
    found = {}
    try:
        opened = safe_open(file, framework="pt")
        for name in opened.keys():  # noqa: SIM118 - not a dict
            view = opened.get_slice(name)
            found[name] = SavedTensor(file, name, tuple(view.get_shape()), view.get_dtype(), opened)
    except (OSError, SafetensorError) as error:
        raise ZaohuaError(t("hub.bad_weights", path=file, reason=one_line(error))) from error
    return found


def _files(folder: Path, name: str) -> list[Path]:
    """The safetensors file, or the shards that the index names (in this folder, nowhere else)."""
    whole, index = folder / f"{name}.safetensors", folder / f"{name}.safetensors.index.json"
    if not index.is_file():
        if whole.is_file():
            return [whole]
        pickles = sorted(p.name for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt") for p in folder.glob(pattern))
        if pickles:
            raise ZaohuaError(t("hub.pickle_only", path=folder, file=pickles[0]))
        raise ZaohuaError(t("hub.no_weights", path=folder, file=whole.name))
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ZaohuaError(t("hub.bad_json", path=index, reason="weight_map"))
    names = sorted(set(map(str, weight_map.values())))
    for file in names:
        if file != Path(file).name or "\\" in file or "\0" in file or not (folder / file).is_file():
            raise ZaohuaError(t("hub.bad_weights", path=index, reason=one_line(file)))
    return [folder / file for file in names]
