"""An encoder-decoder that listens as a folder: config.json, safetensors and the tokeniser."""

from pathlib import Path

import torch

from zaohua.language.seq2seq.folder import load_stacks, save_stacks
from zaohua.language.tokenizer import Tokenizer
from zaohua.multimodal.speech.network import Listener
from zaohua.multimodal.speech.shape import ListenerConfig

MODEL_TYPE = "zaohua_listener"


def save_listener(model: Listener, tokenizer: Tokenizer, folder: Path, card: str | None = None) -> None:
    """Write the folder whole or not at all. Raises ZaohuaError when it cannot be written."""
    save_stacks(model, tokenizer, folder, {"model_type": MODEL_TYPE, "architectures": ["ZaohuaListener"]}, card)


def load_listener(folder: Path, dtype: torch.dtype = torch.float32) -> tuple[Listener, Tokenizer]:
    """Open such a folder in evaluation mode on the CPU. Raises ZaohuaError, in one line, for a damaged one."""
    return load_stacks(Path(folder), Listener, ListenerConfig, dtype)
