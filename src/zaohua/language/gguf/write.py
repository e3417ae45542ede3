"""Writing a GGUF file, in full, half or eight-bit numbers."""

from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter, LlamaFileType
from gguf.quants import quantize
from torch import Tensor

from zaohua.errors import ZaohuaError, one_line
from zaohua.files import new_file
from zaohua.i18n import t
from zaohua.language.decoder import Decoder
from zaohua.language.gguf.names import FACTORS, layout, turn, turned_heads
from zaohua.language.gguf.shape import write_shape
from zaohua.language.gguf.vocabulary import write_tokenizer
from zaohua.language.tokenizer import Tokenizer

Numbers = Literal["f32", "f16", "q8_0"]
_KINDS = {
    "f32": (GGMLQuantizationType.F32, LlamaFileType.ALL_F32),
    "f16": (GGMLQuantizationType.F16, LlamaFileType.MOSTLY_F16),
    "q8_0": (GGMLQuantizationType.Q8_0, LlamaFileType.MOSTLY_Q8_0),
}
_FULL = ("position_embd.weight", FACTORS)  # llama.cpp adds the one and divides by the other: never rounded
_DTYPES = {GGMLQuantizationType.F32: np.float32, GGMLQuantizationType.F16: np.float16}


def write_gguf(
    decoder: Decoder,
    tokenizer: Tokenizer,
    path: Path,
    numbers: Numbers = "f16",
    *,
    ends: frozenset[int] = frozenset(),
    name: str = "",
) -> None:
    """Write the model as one .gguf file, whole or not at all.

    numbers: of the matrices; vectors stay in fp32. ends: tokens that end a text besides the tokeniser's. name: of the
    model. Raises ZaohuaError for a shape or a tokeniser that llama.cpp has no part for, and when writing fails.
    """
    path = Path(path)
    described, factors = write_shape(decoder.config, path)
    arch = described["general.architecture"]
    kind, file_type = _KINDS[numbers]
    metadata = {
        "general.name": name or path.stem,
        "general.file_type": int(file_type),
        "general.quantization_version": 2,
        **described,
        **write_tokenizer(tokenizer, decoder.config.vocab_size, ends, path),
    }
    state = decoder.state_dict()
    parts = layout(decoder.config, arch, state)
    shapes = {ours: tuple(tensor.shape) for ours, tensor in state.items()}
    plan = {ggml: part.shape(shapes) for ggml, part in parts.items()}
    if factors is not None:
        plan[FACTORS] = tuple(factors.shape)
    kinds = {ggml: _kind(ggml, shape, kind) for ggml, shape in plan.items()}
    try:
        with new_file(path) as temporary:
            writer = GGUFWriter(temporary, arch)
            for key, value in metadata.items():
                if key != "general.architecture":  # the writer has set it
                    _add(writer, key, value)
            for ggml, shape in plan.items():
                _announce(writer, ggml, shape, kinds[ggml])
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_ti_data_to_file()
            for ggml, part in parts.items():
                whole = turn(part.join(state), turned_heads(decoder.config, arch, ggml))
                writer.write_tensor_data(_stored(ggml, whole, kinds[ggml], path))
            if factors is not None:
                writer.write_tensor_data(_stored(FACTORS, factors, kinds[FACTORS], path))
            writer.close()
    except OSError as error:
        raise ZaohuaError(t("hub.cannot_save", path=path, reason=one_line(error))) from error


def _kind(name: str, shape: tuple[int, ...], kind: GGMLQuantizationType) -> GGMLQuantizationType:
    """How this tensor's numbers are kept: rows that do not fill the blocks of eight-bit numbers stay halves."""
    if len(shape) == 1 or name in _FULL:
        return GGMLQuantizationType.F32
    return kind if shape[-1] % GGML_QUANT_SIZES[kind][0] == 0 else GGMLQuantizationType.F16


def _announce(writer: GGUFWriter, name: str, shape: tuple[int, ...], kind: GGMLQuantizationType) -> None:
    """Name and place of a tensor, ahead of its numbers: a model is never in memory twice."""
    block, size = GGML_QUANT_SIZES[kind]
    rows = (*shape[:-1], shape[-1] // block * size)
    plain = _DTYPES.get(kind)
    writer.add_tensor_info(name, shape if plain else rows, np.dtype(plain or np.uint8), prod(rows), kind)


def _stored(name: str, tensor: Tensor, kind: GGMLQuantizationType, path: Path) -> np.ndarray[Any, Any]:
    """The tensor's numbers as the file keeps them."""
    numbers = tensor.float().contiguous().numpy()
    with np.errstate(over="ignore"):  # said below
        stored = numbers.astype(_DTYPES[kind]) if kind in _DTYPES else quantize(numbers, kind)
    if kind == GGMLQuantizationType.F16 and not np.isfinite(stored).all():
        raise ZaohuaError(t("gguf.too_large_for_halves", path=path, name=name))
    return stored


def _add(writer: GGUFWriter, key: str, value: Any) -> None:
    """One piece of metadata in the type that llama.cpp expects of it."""
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)
