"""Reading the packed multilingual-e5-small: a small file made here against transformers, and damaged ones refused."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from zaohua.errors import ZaohuaError
from zaohua.language.encoders.e5 import load_e5

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁a", "b", "审", "核", "▁审核", "ж", ","]
SCORES = [0, 0, 0, 0, -2.0, -3, -3, -4, -4, -5, -5, -6]
ROWS, WIDTH, FFN, LAYERS, HEADS, CONTEXT = 14, 32, 64, 2, 4, 16
NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def in_four_bits(weights: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Blocks of 32 as the file has them, and the weights that they stand for."""
    packed, meant = b"", []
    for block in weights.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7)
        steps = np.clip(np.round(block / np.float32(scale)), -8, 7) + 8
        low, high = steps[:16].astype(np.uint8), steps[16:].astype(np.uint8)
        packed += scale.tobytes() + (low | high << 4).tobytes()
        meant.append((steps - 8) * np.float32(scale))
    return packed, np.concatenate(meant).reshape(weights.shape).astype(np.float32)


def made(folder: Path) -> tuple[Path, BertModel]:
    """A file of a random BERT, and that BERT with the weights that the file can hold."""
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=ROWS,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=FFN,
        max_position_embeddings=CONTEXT,
    )
    bert = BertModel(config, add_pooling_layer=False).eval()
    named = {
        "emb.word": "embeddings.word_embeddings.weight",
        "emb.pos": "embeddings.position_embeddings.weight",
        "emb.type": "embeddings.token_type_embeddings.weight",
        "emb.ln.w": "embeddings.LayerNorm.weight",
        "emb.ln.b": "embeddings.LayerNorm.bias",
    }
    for layer in range(LAYERS):
        for short, long in NAMES.items():
            for end, word in (("w", "weight"), ("b", "bias")):
                named[f"l{layer}.{short}.{end}"] = f"encoder.layer.{layer}.{long}.{word}"
    state, tensors = bert.state_dict(), {}
    for short, long in named.items():
        weights = (state[long] + 0.3 * torch.randn_like(state[long])).numpy()
        if (short.endswith(".w") and "ln" not in short) or short == "emb.word":
            data, weights = in_four_bits(weights)
            tensors[short] = 1, weights.size, data
        else:
            tensors[short] = 0, weights.size, weights.tobytes()
        state[long].copy_(torch.from_numpy(weights))
    letters = "".join(PIECES).encode()
    ends = np.cumsum([0, *(len(piece.encode()) for piece in PIECES)]).astype("<u4")
    head = b"E5S1" + struct.pack("<8i", 1, WIDTH, LAYERS, HEADS, FFN, ROWS, CONTEXT, 2) + struct.pack("<f", 1e-12)
    head += struct.pack("<6iQ", 32, len(PIECES), 0, 2, 1, 3, len(letters))
    head += ends.tobytes() + np.array(SCORES, "<f4").tobytes() + letters
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 0xFF21, 1, ord("A"))
    start = len(head) + 4 + sum(2 + len(name) + 21 for name in tensors)
    table, body = struct.pack("<i", len(tensors)), b""
    for name, (kind, count, data) in tensors.items():
        table += struct.pack("<H", len(name)) + name.encode()
        table += struct.pack("<BIQQ", kind, count, start + len(body), len(data))
        body += data
    file = folder / "e5.bin"
    file.write_bytes(head + table + body)
    return file, bert


@torch.no_grad()
def test_vectors_as_transformers_computes_them(tmp_path: Path) -> None:
    file, bert = made(tmp_path)
    model = load_e5(file)
    for text, ids in (("ab 审核,", [5, 6, 9, 11]), ("b 审", [4, 6, 4, 7]), ("ab\t审\x07核，", [5, 6, 9, 11])):
        hidden = bert(torch.tensor([[0, *ids, 2]])).last_hidden_state.mean(1)
        assert model.embed(text) == pytest.approx(torch.nn.functional.normalize(hidden).numpy(), abs=1e-5)


def test_other_scripts_are_left_out(tmp_path: Path) -> None:
    """A letter that is in the file but not kept is unknown."""
    model = load_e5(made(tmp_path)[0])
    assert model.tokenizer.vocab_size == len(PIECES) - 1
    assert model.embed("ж") == pytest.approx(model.embed("ю"))


@pytest.mark.parametrize("left", [0, 3, 40, 90, 150, 400, 2000, -40])
def test_a_damaged_file_is_refused(tmp_path: Path, left: int) -> None:
    file, _ = made(tmp_path)
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(ZaohuaError, match=r"e5\.bin"):
        load_e5(file)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(ZaohuaError, match="multilingual-e5-small"):
        load_e5(tmp_path / "x.bin")
