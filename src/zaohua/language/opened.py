"""What models have in common that lie on the disk as weights, tokeniser and card."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

import torch
from torch import nn

from zaohua.language.tokenizer import Tokenizer
from zaohua.machine import usual_device
from zaohua.model_folder.files import read_card


class OpenedModel(ABC):
    """A module with the tokeniser it was trained with. name: what to call it; card: README.md."""

    def __init__(self, module: nn.Module, tokenizer: Tokenizer, *, name: str = "", card: str | None = None) -> None:
        self.module, self.tokenizer, self.name, self.card = module, tokenizer, name, card

    @classmethod
    @abstractmethod
    def _open(cls, folder: Path, dtype: torch.dtype) -> Self:
        """What lies in the folder, on the CPU, without name and card."""

    @classmethod
    def load(
        cls,
        folder: Path | str,
        *,
        name: str | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Self:
        """Open a model folder on `device`: a CUDA GPU if there is one, else the CPU."""
        folder = Path(folder)
        model = cls._open(folder, dtype)
        model.module.to(usual_device(device))
        model.name = (folder.stem if folder.is_file() else folder.resolve().name) if name is None else name
        model.card = read_card(folder)
        return model

    @abstractmethod
    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
