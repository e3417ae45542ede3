"""What we write opens in llama.cpp, which then reads the same tokens and writes the same greedy text."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from foreign import MADE

from zaohua.language.decoder import Decoder
from zaohua.language.gguf.write import write_gguf
from zaohua.language.tokenizer import Tokenizer
from zaohua.nn.rotary import RopeScaling

llama_cpp = pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

GPT2 = {"norm": "layer", "positions": "learned", "mlp": "gelu_tanh", "bias": "all", "qk_norm": False, "kv_heads": 4}
LLAMA = {"qk_norm": False}
SHAPES = {
    "qwen3": {},
    "qwen3, tied": {"tied": True, "head_dim": 16},
    "qwen2": LLAMA | {"bias": "qkv"},
    "llama": LLAMA | {"kv_heads": 1},
    "llama, biased": LLAMA | {"bias": "all"},
    "llama, biased attention": LLAMA | {"bias": "attention"},
    "llama, linear": LLAMA | {"rope_scaling": RopeScaling(kind="linear", factor=4.0)},
    "llama 3": LLAMA | {"head_dim": 64, "rope_theta": 5e5, "rope_scaling": RopeScaling(kind="llama3", factor=8.0)},
    "gpt2": GPT2,
}
TEXTS = ["Once upon a time 从前", "  double  spaces\n\n and 12345 naïve 🙂", "it's o'clock\ttabs Ω≈龘", "x"]


def opened(decoder: Decoder, tokenizer: Tokenizer, path: Path, numbers: str = "f32"):
    write_gguf(decoder, tokenizer, path, numbers)
    # keys and values in fp32, as ours are
    options = {"n_ctx": 64, "n_threads": 1, "type_k": 0, "type_v": 0, "verbose": False}
    return llama_cpp.Llama(str(path), logits_all=True, **options)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("numbers", "allowed"), [("f32", 1e-5), ("f16", 5e-3), ("q8_0", 0.05)])
def test_same_logits(shape, numbers, allowed, make_decoder, tokenizer, tmp_path):
    """To the rounding of the weights and, in llama.cpp, of what they are multiplied with."""
    decoder = make_decoder(**SHAPES[shape])
    llama = opened(decoder, tokenizer, tmp_path / "m.gguf", numbers)
    ids = tokenizer.encode(TEXTS[0])
    llama.eval(ids)
    theirs = np.array(llama.scores[: len(ids)])
    with torch.no_grad():
        ours = decoder(torch.tensor([ids]))[0].numpy()
    allowed = max(allowed, 1e-3) if shape == "gpt2" else allowed  # ggml looks GELU up in a table of halves
    assert np.abs(ours - theirs).max() <= allowed * np.abs(ours).max()


@pytest.mark.parametrize("shape", SHAPES)
def test_same_greedy_text(shape, make_decoder, tokenizer, tmp_path):
    decoder = make_decoder(**SHAPES[shape])
    llama = opened(decoder, tokenizer, tmp_path / "m.gguf")
    prompt = tokenizer.encode(TEXTS[0])
    ours = list(prompt)
    with torch.no_grad():
        for _ in range(24):
            ours.append(int(decoder(torch.tensor([ours]))[0, -1].argmax()))
    theirs = list(islice(llama.generate(prompt, temp=0.0, top_k=1), 24))
    assert theirs == ours[len(prompt) :]


@pytest.mark.parametrize("name", ["ours", "gpt2", "qwen2", "llama3", "llama2"])
def test_same_tokens(name, make_decoder, tokenizer, tmp_path):
    if name != "ours":
        tokenizer = Tokenizer(*MADE[name]())
    llama = opened(make_decoder(**LLAMA, vocab_size=tokenizer.vocab_size + 4), tokenizer, tmp_path / "m.gguf")
    begin = tokenizer.frame[0]
    for text in TEXTS:
        assert llama.tokenize(text.encode(), add_bos=True, special=False) == begin + tokenizer.encode(text)
        special = f"{next(iter(tokenizer.special))}{text}"
        assert llama.tokenize(special.encode(), add_bos=False, special=True) == (
            tokenizer.encode(special, allow_special=True)
        )
    assert llama.token_eos() == tokenizer.eos_id
