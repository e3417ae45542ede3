"""A language model as a plain Hugging Face folder: what we save opens in transformers, vLLM and llama.cpp's converter,
and folders of the families in zaohua.language.families, saved by others, open here. Only safetensors is read; nothing
in a folder runs.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.decoder import Decoder
from zaohua.language.encoders.encoder import Encoder
from zaohua.language.families import FAMILIES, family_for
from zaohua.language.families.base import SpecialIds
from zaohua.language.filling import blank, fill
from zaohua.language.tokenizer import Tokenizer
from zaohua.model_folder.files import CARD, CONFIG, new_model_folder, read_json, write_json
from zaohua.model_folder.tensors import SHARD_BYTES, saved_tensors, write_tensors


def save_folder(
    model: Decoder | Encoder,
    tokenizer: Tokenizer,
    folder: Path,
    card: str | None = None,
    state: dict[str, Tensor] | None = None,
    *,
    ends: Iterable[int] = (),
    shard_bytes: int = SHARD_BYTES,
    finish: Callable[[Path], None] | None = None,
) -> None:
    """Write the model folder whole or not at all, in the form of the family whose shape the model has; an older one of
    that name is replaced.

    card: text of README.md. state: the model's full state dict where it was gathered elsewhere (sharded training,
    averaged weights); the model's own if left out. ends: tokens that end a text, besides the tokeniser's. finish: adds
    what else belongs in the folder, before it takes its name.
    Raises ZaohuaError when it cannot be written, or when no family has the model's shape.
    """
    config = model.config
    family = family_for(config)
    if family is None:
        raise ZaohuaError(t("hub.no_family", known=", ".join(FAMILIES)))
    state = model.state_dict() if state is None else state
    tensors = {name: part.join(state) for name, part in family.layout(config, state).items()}
    dtype = str(next(iter(tensors.values())).dtype).removeprefix("torch.")
    ids = SpecialIds(tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id)
    with new_model_folder(folder) as temporary:
        write_tensors(tensors, temporary, shard_bytes)
        write_json(temporary / CONFIG, family.to_json(config, ids, dtype))
        if isinstance(model, Decoder):
            write_json(temporary / "generation_config.json", _generation_json(ids, ends))
        tokenizer.save(temporary)
        if card is not None:
            (temporary / CARD).write_text(card, encoding="utf-8")
        if finish is not None:
            finish(temporary)


def load_folder(folder: Path, dtype: torch.dtype = torch.float32) -> tuple[Decoder | Encoder, Tokenizer]:
    """Open a model folder, weights as `dtype` whatever they were saved as, in evaluation mode on the CPU.

    Raises ZaohuaError, in one line, for anything that is not a whole folder of a known family with its tokeniser.
    """
    folder = Path(folder)
    raw = read_config(folder)
    family = FAMILIES[raw["model_type"]]
    named = ((family.canonical(name), tensor) for name, tensor in saved_tensors(folder).items())
    held = {name: tensor for name, tensor in named if name is not None}
    config = family.from_json(raw, folder / "config.json", held.keys())
    model = blank(config, held, folder)
    fill(model, family.layout(config, model.state_dict()), held, folder, dtype)
    return model, load_tokenizer(folder, config.vocab_size)


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a folder whose architecture is known here and that brings no code of its own."""
    path = Path(folder) / "config.json"
    if not path.is_file():
        raise ZaohuaError(t("hub.not_a_model", path=folder))
    raw = read_json(path)
    if raw.get("auto_map"):
        raise ZaohuaError(t("hub.remote_code", path=folder))
    if packed := raw.get("quantization_config"):
        value = one_line(packed.get("quant_method") if isinstance(packed, dict) else packed)
        raise ZaohuaError(t("hub.unsupported", path=path, key="quantization_config", value=value))
    kind = raw.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        found, known = one_line(kind or raw.get("architectures") or "?"), ", ".join(FAMILIES)
        raise ZaohuaError(t("hub.unknown_architecture", path=folder, found=found, known=known))
    return raw


def stop_ids(folder: Path, tokenizer: Tokenizer) -> frozenset[int]:
    """Tokens that end a text: those of generation_config.json, else of config.json, else the tokeniser's."""
    for name in ("generation_config.json", "config.json"):
        path = Path(folder) / name
        found = read_json(path).get("eos_token_id") if path.is_file() else None
        if found is not None:
            ids = found if isinstance(found, list) else [found]
            return frozenset(i for i in ids if isinstance(i, int) and 0 <= i < tokenizer.vocab_size)
    return frozenset({tokenizer.eot_id})


def load_tokenizer(folder: Path, rows: int) -> Tokenizer:
    """The tokeniser of a model folder whose table has so many rows. Raises ZaohuaError if it is not there or does not
    fit."""
    if not (folder / "tokenizer.json").is_file():
        raise ZaohuaError(t("hub.no_tokenizer", path=folder))
    tokenizer = Tokenizer.load(folder)
    # Fewer tokens than rows is common (tables are padded to round sizes); more would index past the table.
    if tokenizer.vocab_size > rows:
        raise ZaohuaError(t("hub.tokenizer_mismatch", path=folder, tokens=tokenizer.vocab_size, vocabulary=rows))
    return tokenizer


def _generation_json(ids: SpecialIds, ends: Iterable[int]) -> dict[str, Any]:
    """generation_config.json, with the defaults of LanguageModel.generate. Several ends are a list there."""
    stops = sorted({*ends} | ({ids.eos} if ids.eos is not None else set()))
    eos = stops[0] if len(stops) == 1 else stops or None
    return {
        "bos_token_id": ids.bos,
        "eos_token_id": eos,
        "pad_token_id": ids.pad,
        "do_sample": True,
        "temperature": 0.8,
    }
