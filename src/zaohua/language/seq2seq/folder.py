"""An encoder-decoder as a folder: config.json, safetensors and the tokeniser. The form is our own: no published family
has these blocks on both sides."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.families.base import Part
from zaohua.language.filling import fill
from zaohua.language.folder import load_tokenizer
from zaohua.language.seq2seq.module import EncoderDecoder, Seq2Seq, Seq2SeqConfig
from zaohua.language.tokenizer import Tokenizer
from zaohua.model_folder.files import CARD, CONFIG, new_model_folder, read_json, write_json
from zaohua.model_folder.tensors import check_size, saved_tensors, write_tensors
from zaohua.nn.blank import Blank

MODEL_TYPE = "zaohua_seq2seq"
_LARGEST = 10_000_000  # of a dimension


M = TypeVar("M", bound=EncoderDecoder)
C = TypeVar("C", bound=Seq2SeqConfig)


def save_seq2seq(model: Seq2Seq, tokenizer: Tokenizer, folder: Path, card: str | None = None) -> None:
    """Write the folder whole or not at all. Raises ZaohuaError when it cannot be written."""
    about = {"model_type": MODEL_TYPE, "architectures": ["ZaohuaSeq2Seq"]}
    save_stacks(model, tokenizer, folder, about, card)


def load_seq2seq(folder: Path, dtype: torch.dtype = torch.float32) -> tuple[Seq2Seq, Tokenizer]:
    """Open such a folder in evaluation mode on the CPU. Raises ZaohuaError, in one line, for a damaged one."""
    return load_stacks(Path(folder), Seq2Seq, Seq2SeqConfig, dtype)


def save_stacks(
    model: EncoderDecoder, tokenizer: Tokenizer, folder: Path, about: Mapping[str, Any], card: str | None
) -> None:
    """Any encoder-decoder, with its tokeniser. about: what config.json says besides the shape."""
    tensors: dict[str, Tensor] = {name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}
    config = {**about, **asdict(model.config)}
    with new_model_folder(folder) as temporary:
        write_tensors(tensors, temporary)
        write_json(temporary / CONFIG, config)
        tokenizer.save(temporary)
        if card is not None:
            (temporary / CARD).write_text(card, encoding="utf-8")


def load_stacks(
    folder: Path, module: Callable[[C], M], shape: type[C], dtype: torch.dtype = torch.float32
) -> tuple[M, Tokenizer]:
    """The same back again: a module of this shape, filled."""
    path = folder / CONFIG
    config = _config(read_json(path), path, shape)
    held = saved_tensors(folder)
    check_size(config.num_parameters(), held, folder, config.layers + config.encoder_layers)
    with Blank():
        model = module(config)
    fill(model, {name: Part((name,)) for name in model.state_dict()}, held, folder, dtype)
    return model, load_tokenizer(folder, config.vocab_size)


def _config(raw: dict[str, Any], path: Path, shape: type[C]) -> C:
    """The shape that config.json describes; every number is checked."""
    found: dict[str, Any] = {}
    for field in fields(shape):
        value = raw.get(field.name)
        whole = field.type in (int, "int")
        number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not isinstance(value, (int, float)) or not number or not whole <= value < _LARGEST:
            expected = t("hub.expected_whole", largest=_LARGEST) if whole else t("hub.expected_positive")
            raise ZaohuaError(t("hub.bad_value", path=path, key=field.name, value=one_line(value), expected=expected))
        found[field.name] = value
    if found["head_dim"] % 2:
        raise ZaohuaError(
            t("hub.bad_value", path=path, key="head_dim", value=found["head_dim"], expected=t("hub.expected_even"))
        )
    return shape(**found)
