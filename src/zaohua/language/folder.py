"""A language model as a plain Hugging Face folder in the Qwen3 form: what we save opens in transformers, vLLM and
llama.cpp's converter, and Qwen3 folders saved by others open here. Only safetensors is read; nothing in a folder runs.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from zaohua.errors import ZaohuaError, one_line
from zaohua.files import new_folder
from zaohua.i18n import t
from zaohua.language.decoder import Decoder
from zaohua.language.qwen3 import from_json, generation_json, our_name, published_name, to_json
from zaohua.language.tokenizer import Tokenizer
from zaohua.nn.blank import Blank

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
KNOWN = ("qwen3",)
_FLOATS = ("F64", "F32", "F16", "BF16")


def save_folder(
    decoder: Decoder,
    tokenizer: Tokenizer,
    folder: Path,
    card: str | None = None,
    state: dict[str, Tensor] | None = None,
) -> None:
    """Write the model folder whole or not at all; an older one of that name is replaced.

    card: text of README.md. state: the decoder's full state dict where it was gathered elsewhere (sharded training,
    averaged weights); the decoder's own if left out. Raises ZaohuaError when it cannot be written.
    """
    state = decoder.state_dict() if state is None else state
    tensors = {published_name(name): tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    if decoder.config.tied:
        del tensors["lm_head.weight"]
    dtype = str(next(iter(tensors.values())).dtype).removeprefix("torch.")
    try:
        with new_folder(Path(folder)) as temporary:
            save_file(tensors, temporary / WEIGHTS, metadata={"format": "pt"})
            _write_json(temporary / "config.json", to_json(decoder.config, tokenizer.eot_id, dtype))
            (temporary / WEIGHTS).chmod((temporary / "config.json").stat().st_mode)  # else its owner's alone
            _write_json(temporary / "generation_config.json", generation_json(tokenizer.eot_id))
            tokenizer.save(temporary)
            if card is not None:
                (temporary / "README.md").write_text(card, encoding="utf-8")
    except (OSError, SafetensorError) as error:
        raise ZaohuaError(t("hub.cannot_save", path=folder, reason=one_line(error))) from error


def load_folder(folder: Path, dtype: torch.dtype = torch.float32) -> tuple[Decoder, Tokenizer]:
    """Open a model folder, weights as `dtype` whatever they were saved as, in evaluation mode on the CPU.

    Raises ZaohuaError, in one line, for anything that is not a whole Qwen3 folder with its tokeniser.
    """
    folder = Path(folder)
    config = from_json(read_config(folder), folder / "config.json")
    with Blank():
        decoder = Decoder(config)
    wanted = {published_name(name): tuple(tensor.shape) for name, tensor in decoder.state_dict().items()}
    if config.tied:
        del wanted["lm_head.weight"]
    state = {}
    for name, tensor, file in _tensors(folder, wanted):
        if not tensor.isfinite().all():
            raise ZaohuaError(t("hub.not_finite", path=file, name=name))
        state[our_name(name)] = tensor.to(dtype)
    if config.tied:
        state["lm_head.weight"] = state["embed_tokens.weight"]
    decoder.load_state_dict(state, assign=True)
    if config.tied:
        decoder.lm_head.weight = decoder.embed_tokens.weight
    return decoder.eval(), _load_tokenizer(folder, config.vocab_size)


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a folder whose architecture is known here and that brings no code of its own."""
    path = Path(folder) / "config.json"
    if not path.is_file():
        raise ZaohuaError(t("hub.not_a_model", path=folder))
    raw = read_json(path)
    if raw.get("auto_map"):
        raise ZaohuaError(t("hub.remote_code", path=folder))
    found = raw.get("model_type") or "/".join(map(str, raw.get("architectures") or ())) or "?"
    if found not in KNOWN:
        raise ZaohuaError(t("hub.unknown_architecture", path=folder, found=one_line(found), known=", ".join(KNOWN)))
    return raw


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file, or one line that says why not."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ZaohuaError(t("hub.bad_json", path=path, reason=one_line(error))) from error
    if not isinstance(value, dict):
        raise ZaohuaError(t("hub.bad_json", path=path, reason=t("hub.not_an_object", found=type(value).__name__)))
    return value


def stop_ids(folder: Path, tokenizer: Tokenizer) -> frozenset[int]:
    """Tokens that end a text: those of generation_config.json, else of config.json, else <|endoftext|>."""
    for name in ("generation_config.json", "config.json"):
        path = Path(folder) / name
        found = read_json(path).get("eos_token_id") if path.is_file() else None
        if found is not None:
            ids = found if isinstance(found, list) else [found]
            return frozenset(i for i in ids if isinstance(i, int) and 0 <= i < tokenizer.vocab_size)
    return frozenset({tokenizer.eot_id})


def _tensors(folder: Path, wanted: dict[str, tuple[int, ...]]) -> Iterator[tuple[str, Tensor, Path]]:
    """Every wanted tensor with the file it came from, after all names and shapes were seen to fit."""
    files = _weight_files(folder)
    found: dict[str, Path] = {}
    for file in files:
        try:
            with safe_open(file, framework="pt") as opened:
                for name in opened.keys():  # noqa: SIM118 - not a dict
                    view = opened.get_slice(name)
                    shape, kind = tuple(view.get_shape()), view.get_dtype()
                    if name in wanted and shape != wanted[name]:
                        message = t("hub.wrong_shape", path=file, name=name, found=shape, wanted=wanted[name])
                        raise ZaohuaError(message)
                    if name in wanted and kind not in _FLOATS:
                        raise ZaohuaError(t("hub.unsupported", path=file, key=name, value=kind))
                    found[name] = file
        except (OSError, SafetensorError) as error:
            raise ZaohuaError(t("hub.bad_weights", path=file, reason=one_line(error))) from error
    missing = sorted(wanted.keys() - found)
    if missing:
        raise ZaohuaError(t("hub.missing_tensors", path=folder, count=len(missing), name=missing[0]))
    # A tied head saved twice and the position tables of old readers carry nothing new.
    extra = sorted(n for n in found.keys() - wanted if not n.endswith(("lm_head.weight", "rotary_emb.inv_freq")))
    if extra:
        raise ZaohuaError(t("hub.extra_tensors", path=folder, count=len(extra), name=one_line(extra[0])))
    for file in files:
        with safe_open(file, framework="pt") as opened:
            for name in wanted:
                if found[name] == file:
                    yield name, opened.get_tensor(name), file


def _weight_files(folder: Path) -> list[Path]:
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
        if name != Path(name).name or "\\" in name or not (folder / name).is_file():
            raise ZaohuaError(t("hub.bad_weights", path=index, reason=one_line(name)))
    return [folder / name for name in names]


def _load_tokenizer(folder: Path, rows: int) -> Tokenizer:
    if not (folder / "tokenizer.json").is_file():
        raise ZaohuaError(t("hub.no_tokenizer", path=folder))
    tokenizer = Tokenizer.load(folder)
    # Fewer tokens than rows is common (tables are padded to round sizes); more would index past the table.
    if tokenizer.vocab_size > rows:
        raise ZaohuaError(t("hub.tokenizer_mismatch", path=folder, tokens=tokenizer.vocab_size, vocabulary=rows))
    return tokenizer


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
