"""Tensors of a model folder: safetensors, in one file or in shards. Nothing else is ever opened."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
SHARD_BYTES = 5_000_000_000  # a larger model is saved in several files
_FLOATS = ("F64", "F32", "F16", "BF16")


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


def saved_tensors(folder: Path) -> dict[str, SavedTensor]:
    """Every tensor of the folder by its name there. Raises ZaohuaError for a damaged file or index, or none at all."""
    found = {}
    for file in _files(folder):
        try:
            opened = safe_open(file, framework="pt")
            for name in opened.keys():  # noqa: SIM118 - not a dict
                view = opened.get_slice(name)
                found[name] = SavedTensor(file, name, tuple(view.get_shape()), view.get_dtype(), opened)
        except (OSError, SafetensorError) as error:
            raise ZaohuaError(t("hub.bad_weights", path=file, reason=one_line(error))) from error
    return found


def write_tensors(tensors: Mapping[str, Tensor], folder: Path, shard_bytes: int = SHARD_BYTES) -> None:
    """Save tensors as model.safetensors, or as shards of at most `shard_bytes` with their index."""
    shards: list[dict[str, Tensor]] = [{}]
    filled = 0
    for name, tensor in tensors.items():
        if shards[-1] and filled + tensor.nbytes > shard_bytes:
            shards.append({})
            filled = 0
        shards[-1][name] = tensor
        filled += tensor.nbytes
    if len(shards) == 1:
        save_file(shards[0], folder / WEIGHTS, metadata={"format": "pt"})
        return
    weight_map: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        save_file(shard, folder / file, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(shard, file)
    total = sum(tensor.nbytes for tensor in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file, or one line that says why not."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ZaohuaError(t("hub.bad_json", path=path, reason=one_line(error))) from error
    if not isinstance(value, dict):
        raise ZaohuaError(t("hub.bad_json", path=path, reason=t("hub.not_an_object", found=type(value).__name__)))
    return value


def _files(folder: Path) -> list[Path]:
    """The safetensors file, or the shards that the index names (in this folder, nowhere else)."""
    index = folder / INDEX
    if not index.is_file():
        if (folder / WEIGHTS).is_file():
            return [folder / WEIGHTS]
        pickles = sorted(p.name for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt") for p in folder.glob(pattern))
        if pickles:
            raise ZaohuaError(t("hub.pickle_only", path=folder, file=pickles[0]))
        raise ZaohuaError(t("hub.no_weights", path=folder))
    weight_map = read_json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ZaohuaError(t("hub.bad_json", path=index, reason="weight_map"))
    names = sorted(set(map(str, weight_map.values())))
    for name in names:
        if name != Path(name).name or "\\" in name or "\0" in name or not (folder / name).is_file():
            raise ZaohuaError(t("hub.bad_weights", path=index, reason=one_line(name)))
    return [folder / name for name in names]
