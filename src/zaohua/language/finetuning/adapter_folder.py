"""Adapters on disk as `peft` keeps them: adapter_config.json and adapter_model.safetensors, under the names that the
model's family publishes. What we save opens there, and what was saved there opens here."""

import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.decoder import Decoder, DecoderConfig
from zaohua.language.families import family_for
from zaohua.language.families.base import Part
from zaohua.language.finetuning.lora import Adapter, LoRAConfig
from zaohua.model_folder.files import new_model_folder, read_json, write_json
from zaohua.nn.blank import Blank

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."
# Settings that would add something we have no part for, and the values at which they add nothing.
_NOTHING: tuple[object, ...] = (None, False, "none", [], {}, 0)
_REFUSED = (
    "use_dora",
    "bias",
    "lora_bias",
    "modules_to_save",
    "trainable_token_indices",
    "layer_replication",
    "use_qalora",
    "use_bdlora",
    "alora_invocation_tokens",
    "velora_config",
    "monteclora_config",
    "kasa_config",
)
# Ways to begin that take the adapters' first values out of the weights of the base.
_CHANGES_THE_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")


def save_adapter(adapter: Adapter, config: LoRAConfig, decoder: DecoderConfig, folder: Path, base: str = "") -> None:
    """Write the folder whole or not at all. decoder: the shape of the model they belong to; base: its folder or name.

    Raises ZaohuaError when it cannot be written.
    """
    tensors, ranks, alphas = {}, {}, {}
    for published, part in _linears(decoder).items():
        own = [name.removesuffix(".weight") for name in part.ours]
        if not any(name in adapter.matrices for name in own):
            continue
        a, b = _stacked(adapter, own, decoder)
        tensors[f"{_PREFIX}{published}.lora_A.weight"] = a
        tensors[f"{_PREFIX}{published}.lora_B.weight"] = b
        if len(a) != config.rank:  # several of ours in one matrix: α / r, or α / √r, must stay what it was
            more = len(a) / config.rank
            ranks[published] = len(a)
            alphas[published] = config.alpha * (more**0.5 if config.rank_stabilised else more)
    targets = sorted({name[len(_PREFIX) :].rpartition(".lora_")[0] for name in tensors})
    settings = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": config.rank,
        "lora_alpha": config.alpha,
        "lora_dropout": config.dropout,
        "use_rslora": config.rank_stabilised,
        "target_modules": targets,
        "rank_pattern": ranks,
        "alpha_pattern": alphas,
        "fan_in_fan_out": any(part.transposed for part in _linears(decoder).values()),
        "bias": "none",
        "inference_mode": True,
    }
    with new_model_folder(folder) as temporary:
        save_file(tensors, temporary / WEIGHTS, metadata={"format": "pt"})
        write_json(temporary / CONFIG, settings)


def holds_adapter(path: Path) -> bool:
    """Whether a folder holds adapters and not a model of its own."""
    return (path / CONFIG).is_file() and not (path / "config.json").is_file()


def base_of(folder: Path) -> Path:
    """The model, a local folder or .gguf file, that the adapters belong to. ZaohuaError if it is not there."""
    named = read_json(folder / CONFIG).get("base_model_name_or_path")
    base = Path(str(named)).expanduser()
    if not named or not base.exists() or holds_adapter(base):
        raise ZaohuaError(t("finetune.base_missing", path=folder, base=one_line(named)))
    return base


def load_adapter(folder: Path, decoder: DecoderConfig) -> Adapter:
    """Open an adapter folder for a model of this shape.

    Raises ZaohuaError, in one line, for one that is damaged, belongs to another shape or holds what is no LoRA.
    """
    folder = Path(folder)
    if not (folder / CONFIG).is_file():
        raise ZaohuaError(t("finetune.no_adapter", path=folder))
    raw = read_json(folder / CONFIG)
    if raw.get("peft_type") != "LORA":
        raise ZaohuaError(
            t("hub.unsupported", path=folder / CONFIG, key="peft_type", value=one_line(raw.get("peft_type")))
        )
    for key in _REFUSED:
        if raw.get(key) not in _NOTHING:
            raise ZaohuaError(t("hub.unsupported", path=folder / CONFIG, key=key, value=one_line(raw[key])))
    start = raw.get("init_lora_weights")
    if isinstance(start, str) and start.lower().startswith(_CHANGES_THE_BASE):
        raise ZaohuaError(t("hub.unsupported", path=folder / CONFIG, key="init_lora_weights", value=one_line(start)))
    try:
        tensors = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise ZaohuaError(t("hub.bad_weights", path=folder / WEIGHTS, reason=one_line(error))) from error
    matrices: dict[str, tuple[Tensor, Tensor]] = {}
    scales: dict[str, float] = {}
    shapes = _shapes(decoder)
    for published, part in _linears(decoder).items():
        keys = [f"{_PREFIX}{published}.lora_{which}.weight" for which in "AB"]
        if not all(key in tensors for key in keys):
            continue
        a, b = tensors.pop(keys[0]), tensors.pop(keys[1])
        rows, rank = [shapes[name][0] for name in part.ours], b.shape[-1] if b.ndim else 0
        wanted = ((rank, *shapes[part.ours[0]][1:]), (sum(rows), rank))
        fits = rank > 0 and (tuple(a.shape), tuple(b.shape)) == wanted
        if not fits or not (a.isfinite().all() and b.isfinite().all()):
            raise ZaohuaError(t("finetune.adapter_does_not_fit", path=folder, name=published))
        for name, piece in zip(part.ours, b.split(rows), strict=True):
            module = name.removesuffix(".weight")
            matrices[module] = a, piece.contiguous()
            scales[module] = _scale(raw, published, rank, folder)
    if tensors or not matrices:
        raise ZaohuaError(t("finetune.adapter_does_not_fit", path=folder, name=next(iter(tensors), "lora_A")))
    return Adapter(matrices, scales)


def _scale(raw: dict[str, Any], published: str, rank: int, folder: Path) -> float:
    """α / r or α / √r of one module; peft's patterns are regular expressions for the end of its name."""
    patterns = raw.get("alpha_pattern") or {}
    try:
        found = (value for key, value in patterns.items() if re.match(rf"(.*\.)?({key})$", published))
        alpha = next(found, raw.get("lora_alpha"))
    except (AttributeError, re.error) as error:
        bad = one_line(patterns)
        raise ZaohuaError(t("hub.unsupported", path=folder / CONFIG, key="alpha_pattern", value=bad)) from error
    if not isinstance(alpha, int | float) or isinstance(alpha, bool):
        raise ZaohuaError(t("hub.unsupported", path=folder / CONFIG, key="lora_alpha", value=one_line(alpha)))
    return alpha / (rank**0.5 if raw.get("use_rslora") else rank)


def _shapes(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    with Blank(), torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in Decoder(config).state_dict().items()}


def _linears(config: DecoderConfig) -> dict[str, Part]:
    """Published module name -> the matrices of ours in it, for those of the blocks."""
    family = family_for(config)
    if family is None:
        raise ZaohuaError(t("finetune.no_family"))
    layout = family.layout(config, _shapes(config))
    return {
        name.removesuffix(".weight"): part
        for name, part in layout.items()
        if ".layers." in part.ours[0] and name.endswith(".weight") and "norm" not in part.ours[0]
    }


def _stacked(adapter: Adapter, names: list[str], config: DecoderConfig) -> tuple[Tensor, Tensor]:
    """A and B of one published matrix: those of ours, B in blocks where there are several."""
    if len(names) == 1:
        a, b = adapter.matrices[names[0]]
        return a.contiguous(), b.contiguous()
    shapes = _shapes(config)
    present = [name for name in names if name in adapter.matrices]
    a = torch.cat([adapter.matrices[name][0] for name in present])
    blocks, column = [], 0
    for name in names:
        block = torch.zeros(shapes[f"{name}.weight"][0], len(a), dtype=a.dtype)
        if name in present:
            own = adapter.matrices[name][1]
            block[:, column : column + own.shape[1]] = own
            column += own.shape[1]
        blocks.append(block)
    return a, torch.cat(blocks)
