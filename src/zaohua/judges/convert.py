"""Rewrites a file of weights that torch.save made as safetensors: run alone, in a process of its own.

    python -m zaohua.judges.convert SOURCE TARGET SHA256

Such a file is a pickle. Only a file whose SHA-256 is known in advance is opened at all, with the reader that builds
tensors and nothing else.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from zaohua.data.wheels import file_sha256


def convert(source: Path, target: Path, sha256: str) -> None:
    """Tensors under their own names; ValueError if the file is another one."""
    if file_sha256(source) != sha256:
        raise ValueError(f"{source} is not the file with SHA-256 {sha256}")
    state = torch.load(source, map_location="cpu", weights_only=True)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, target)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
