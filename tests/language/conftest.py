"""Small tokenisers, decoders and model folders."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from zaohua.language.decoder import Decoder, DecoderConfig
from zaohua.language.folder import save_folder
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.language.tokenizer_training import train

TEXT = "从前有一座山，山上有一座庙。Once upon a time there was a hill, and on the hill a temple.\n" * 20


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """Byte-level BPE with a few merges: many characters take several tokens."""
    return train(TokenizerConfig(kind="bpe", vocab_size=300), [TEXT])


@pytest.fixture(scope="session")
def make_decoder(tokenizer: Tokenizer) -> Callable[..., Decoder]:
    """A small decoder whose every weight matters: none of them starts at zero or one."""

    def make(seed: int = 0, **changes) -> Decoder:
        shape = {"layers": 2, "width": 32, "heads": 4, "kv_heads": 2, "head_dim": 8, "ffn_width": 48, "context": 64}
        config = DecoderConfig(**{**shape, "vocab_size": tokenizer.vocab_size, **changes})
        decoder, generator = Decoder(config), torch.Generator().manual_seed(seed)
        for parameter in decoder.parameters():
            torch.nn.init.normal_(parameter, mean=float(parameter.ndim == 1), std=0.15, generator=generator)
        return decoder.eval()

    return make


@pytest.fixture
def folder(tmp_path: Path, tokenizer: Tokenizer, make_decoder) -> Path:
    """A whole model folder."""
    save_folder(make_decoder(), tokenizer, tmp_path / "model", card="# A card\n")
    return tmp_path / "model"
