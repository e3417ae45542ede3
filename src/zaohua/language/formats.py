"""Opening a decoder, whichever of the known forms it lies in: a model folder, a .gguf file, or adapters to one."""

from pathlib import Path

import torch

from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.language.decoder import Decoder
from zaohua.language.finetuning.adapter_folder import base_of, holds_adapter, load_adapter
from zaohua.language.finetuning.lora import merge
from zaohua.language.folder import load_folder, stop_ids
from zaohua.language.tokenizer import Tokenizer


def load_decoder(path: Path | str, dtype: torch.dtype = torch.float32) -> tuple[Decoder, Tokenizer, frozenset[int]]:
    """A decoder with weights as `dtype`, in evaluation mode on the CPU, its tokeniser, and the ids that end a text.

    Raises ZaohuaError, in one line, for what is no whole model, or an encoder's.
    """
    path = Path(path)
    if holds_adapter(path):
        return _with_adapter(path, dtype)
    if path.suffix == ".gguf":
        from zaohua.language.gguf.read import load_gguf  # the library it needs is not needed by folders

        return load_gguf(path, dtype)
    model, tokenizer = load_folder(path, dtype)
    if not isinstance(model, Decoder):
        raise ZaohuaError(t("hub.encoder_only", path=path))
    return model, tokenizer, stop_ids(path, tokenizer)


def _with_adapter(folder: Path, dtype: torch.dtype) -> tuple[Decoder, Tokenizer, frozenset[int]]:
    """The base that an adapter folder names, with the adapters merged into its weights."""
    decoder, tokenizer, ends = load_decoder(base_of(folder), dtype)
    merge(decoder, load_adapter(folder, decoder.config))
    return decoder, tokenizer, ends
