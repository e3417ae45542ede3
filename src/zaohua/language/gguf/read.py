"""Opening a GGUF file."""

import re
from dataclasses import replace
from pathlib import Path

import torch

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.decoder import Decoder
from zaohua.language.filling import blank, fill
from zaohua.language.gguf.header import Header, SavedTensor, read_header
from zaohua.language.gguf.names import EMBEDDING, FACTORS, layout, turned_heads
from zaohua.language.gguf.shape import read_shape
from zaohua.language.gguf.vocabulary import end_ids, read_tokenizer
from zaohua.language.tokenizer import Tokenizer

_PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")


def load_gguf(path: Path, dtype: torch.dtype = torch.float32) -> tuple[Decoder, Tokenizer, frozenset[int]]:
    """The decoder of a .gguf file, its weights dequantised to `dtype`, its tokeniser, and the ids that end a text.

    Raises ZaohuaError, in one line, for a damaged file, an unknown architecture, or what our blocks have no part for.
    """
    path = Path(path)
    if not path.is_file():
        raise ZaohuaError(t("hub.missing", path=path))
    header = read_header(path)
    tensors = _all_parts(path, header)
    factors = tensors.pop(FACTORS, None)
    rows = tensors[EMBEDDING].shape[0] if EMBEDDING in tensors else None
    described = read_shape(
        header.metadata | {"vocab_size": rows}, path, tensors.keys(), factors.read() if factors else None
    )
    arch = header.metadata["general.architecture"]
    model = blank(described, tensors, path)
    assert isinstance(model, Decoder)
    held = {name: replace(tensor, heads=turned_heads(described, arch, name)) for name, tensor in tensors.items()}
    fill(model, layout(described, arch, model.state_dict()), held, path, dtype)
    tokenizer = read_tokenizer(header.metadata, path)
    if tokenizer.vocab_size > described.vocab_size:
        message = t("hub.tokenizer_mismatch", path=path, tokens=tokenizer.vocab_size, vocabulary=described.vocab_size)
        raise ZaohuaError(message)
    return model, tokenizer, end_ids(header.metadata, tokenizer)


def _all_parts(path: Path, header: Header) -> dict[str, SavedTensor]:
    """The tensors of a file or, where a large model is split into several, of those beside it."""
    count = header.metadata.get("split.count", 1)
    if count == 1:
        return dict(header.tensors)
    match = _PART.fullmatch(path.name)
    if match is None or match[2] != "00001" or int(match[3]) != count:
        raise ZaohuaError(t("gguf.not_first_part", path=path, count=one_line(count)))
    tensors = dict(header.tensors)
    for number in range(2, count + 1):
        part = path.with_name(f"{match[1]}-{number:05d}-of-{match[3]}.gguf")
        if not part.is_file():
            raise ZaohuaError(t("gguf.no_such_part", path=part))
        tensors |= read_header(part).tensors
    return tensors


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokeniser alone."""
    return read_tokenizer(read_header(Path(path)).metadata, Path(path))
