"""Compiled code on this machine: whether there is any, and a process that makes it once, while nobody waits.

numba, which the extra "fast" installs, takes seconds to compile and half a second to begin with what it has kept. An
engine that finds nothing kept writes by PyTorch's operations to its end, so that no text changes hands, and another
process compiles for the next.
"""

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock, Timeout

from zaohua.data.wheels import cache_folder
from zaohua.machine import processor_flags, processor_name

_SWITCH = "ZAOHUA_COMPILED"


def compiled() -> bool:
    """Whether compiled code can be used now. $ZAOHUA_COMPILED: 0, never; 1, even if it has to be compiled first."""
    wish = os.environ.get(_SWITCH)
    if wish == "0" or find_spec("numba") is None:
        return False
    if wish != "1" and not _done().exists():
        _begin()
        return False
    return _loaded()


@cache
def _loaded() -> bool:
    """Load what is kept, or compile it."""
    from numba.core import config

    before = config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = str(_folder())  # type: ignore[attr-defined]
    try:
        from zaohua.language.engine.kernels import compile_all
    except RuntimeError:  # no folder that can be written to
        return False
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]
    compile_all()
    with suppress(OSError):
        _done().touch()
    return True


@cache
def _begin() -> "subprocess.Popen[bytes] | None":
    """Another process that compiles, and does not end with this one."""
    with suppress(OSError):
        command = [sys.executable, "-m", "zaohua.language.engine.compiling"]
        nothing = subprocess.DEVNULL
        return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
    return None


@cache
def _folder() -> Path:
    """Where this code, compiled by this numba for this processor, is kept."""
    sources = [Path(__file__).with_name(f"{name}.py").read_bytes() for name in ("kernels", "parts", "tiles")]
    sources.append(" ".join((version("numba"), sys.version, processor_name(), *processor_flags())).encode())
    return cache_folder() / "compiled" / hashlib.sha256(b"\0".join(sources)).hexdigest()[:16]


def _done() -> Path:
    return _folder() / "done"


def _main() -> None:
    if hasattr(os, "nice"):
        os.nice(19)
    _folder().mkdir(parents=True, exist_ok=True)
    with suppress(Timeout), FileLock(_folder() / "lock", timeout=0):  # one at a time
        _loaded()


if __name__ == "__main__":
    _main()
