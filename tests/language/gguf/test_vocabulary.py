"""Tokenisers through GGUF's metadata: the same ids, the same special tokens, and a word for what has no form there."""

import pytest
from foreign import CORPUS, MADE, byte_level
from tokenizers import Tokenizer as Backend
from tokenizers import pre_tokenizers

from zaohua.errors import ZaohuaError
from zaohua.language.gguf.vocabulary import end_ids, read_tokenizer, write_tokenizer
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.language.tokenizer_training import train

TEXTS = [*CORPUS[:3], "  double  spaces ", "mixed 中文 naïve 12345", "unseen Ω≈ 龘 🙂\n\n\ttabs", ""]


def smollm() -> tuple[Backend, dict]:
    cut = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    backend = byte_level(pre_tokenizers.Sequence(cut), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    return backend, {"eos_token": "<|im_end|>", "bos_token": "<|im_start|>", "chat_template": "{{ messages }}"}


BYTE_LEVEL = {name: make for name, make in MADE.items() if name in ("gpt2", "qwen2", "llama3")} | {"smollm": smollm}
PRE = {"gpt2": "gpt-2", "qwen2": "qwen2", "llama3": "llama-bpe", "smollm": "smollm", "ours": "qwen2"}


@pytest.mark.parametrize("name", [*BYTE_LEVEL, "llama2", "ours"])
def test_round_trip(name, tokenizer, tmp_path):
    if name != "ours":
        tokenizer = Tokenizer(*(BYTE_LEVEL | {"llama2": MADE["llama2"]})[name]())
    rows = tokenizer.vocab_size + 6
    metadata = write_tokenizer(tokenizer, rows, frozenset({5, tokenizer.eos_id}), tmp_path / "m.gguf")
    assert metadata.get("tokenizer.ggml.pre") == PRE.get(name)
    assert len(metadata["tokenizer.ggml.tokens"]) == len(set(metadata["tokenizer.ggml.tokens"])) == rows
    again = read_tokenizer(metadata, tmp_path / "m.gguf")
    for text in TEXTS:
        assert again.encode(text) == tokenizer.encode(text)
        assert again.decode(again.encode(text)) == tokenizer.decode(tokenizer.encode(text))
    assert (again.special, again.frame, again.vocab_size) == (tokenizer.special, tokenizer.frame, tokenizer.vocab_size)
    assert (again.bos_id, again.eos_id, again.pad_id) == (tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id)
    assert end_ids(metadata, again) == {5, tokenizer.eos_id}
    assert again.settings.get("chat_template") == tokenizer.settings.get("chat_template")
    spelled = f"a {next(iter(tokenizer.special))} b"
    assert again.encode(spelled, allow_special=True) == tokenizer.encode(spelled, allow_special=True)


def test_our_own_keeps_its_fast_encoder(tokenizer, tmp_path):
    assert tokenizer._fast is not None
    again = read_tokenizer(write_tokenizer(tokenizer, 310, frozenset(), tmp_path), tmp_path)
    assert again._fast is not None


def test_tokenisers_without_a_form(tmp_path):
    characters = train(TokenizerConfig(kind="char", vocab_size=40), ["once upon a time"])
    pieces = Tokenizer(*MADE["bert"]())
    other = Tokenizer(byte_level(pre_tokenizers.Whitespace(), ["<|endoftext|>"]))
    for tokenizer in (characters, pieces, other):
        with pytest.raises(ZaohuaError, match=r"no form for this \w+ tokeniser"):
            write_tokenizer(tokenizer, tokenizer.vocab_size, frozenset(), tmp_path / "m.gguf")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tokens", None),
        ("tokens", "abc"),
        ("tokens", [1, 2]),
        ("token_type", [1]),
        ("token_type", ["a"] * 310),
        ("merges", ["ab", "c"]),
        ("merges", ["nowhere nothing"]),
        ("model", 3),
        ("pre", None),
        ("pre", ["qwen2"]),
    ],
)
def test_damaged_metadata(key, value, tokenizer, tmp_path):
    metadata = write_tokenizer(tokenizer, 310, frozenset(), tmp_path / "m.gguf")
    with pytest.raises(ZaohuaError) as caught:
        read_tokenizer(metadata | {f"tokenizer.ggml.{key}": value}, tmp_path / "m.gguf")
    assert "\n" not in str(caught.value)
