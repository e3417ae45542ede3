"""Compiled code on this machine: whether there is any, and a process that makes it once, while nobody waits.

numba, which the extra "fast" installs, takes seconds to compile and half a second to begin with what it has kept. An
engine that finds nothing kept writes by PyTorch's operations to its end, so that no text changes hands, and another
process compiles for the next. Files that were cut off are as good as none, and go.
"""

import hashlib
import os
import pickletools
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock, Timeout

from zaohua.data.wheels import cache_folder
from zaohua.errors import ZaohuaError
from zaohua.extras import need
from zaohua.i18n import t
from zaohua.machine import processor_flags, processor_name

_SWITCH = "ZAOHUA_COMPILED"


def compiled() -> bool:
    """Whether compiled code can be used now. $ZAOHUA_COMPILED: 0, never; 1, even if it has to be compiled first."""
    wish = os.environ.get(_SWITCH)
    if wish == "0" or find_spec("numba") is None:
        return False
    _tidied()
    if wish != "1" and not os.path.exists(_done()):  # False where one may not even look
        _begin()
        return False
    return _loaded()


@cache
def _tidied() -> None:
    """Delete what is kept if any of it is damaged: numba would fail on it every time, at once or in the midst of a
    text."""
    folder = _folder()
    if not folder.is_dir() or all(map(_whole, [*folder.rglob("*.nb[ic]")])):
        return
    if _ours(folder):
        _done().unlink(missing_ok=True)  # first: without it nothing here is looked for
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)


def _whole(file: Path) -> bool:
    """Whether pickles follow one another in a file to its end. They are read, not obeyed."""
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            while stream.tell() < size:
                for _ in pickletools.genops(stream):
                    pass
            return size > 0
    except FileNotFoundError:  # another process tidies
        return True
    except ValueError:
        return False


@cache
def _loaded() -> bool:
    """Load what is kept, or compile it. False, and PyTorch's operations serve, where that cannot be done."""
    try:
        return _ours(_folder()) and _load()
    except Exception:  # a numba that does not fit the numpy beside it, a file cut off, a full disk …
        return False


def _ours(folder: Path) -> bool:
    """Make the folder; whether this user alone can write there. What numba keeps is code, and pickles: to load it is to
    run it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.stat()
    owned = not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o022)
    return owned and os.access(folder, os.W_OK)


def _load() -> bool:
    from numba.core import config

    before = config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = str(_folder())  # type: ignore[attr-defined]
    try:
        from zaohua.language.engine.kernels import compile_all
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]
    compile_all()
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


def _main() -> str | None:
    """Returns what went wrong, if anything did."""
    if hasattr(os, "nice"):
        os.nice(19)
    done = False
    try:
        need("numba", "fast")
        if _ours(_folder()):
            with FileLock(_folder() / "lock", timeout=0):
                _tidied()
                done = _loaded()
    except ZaohuaError as error:
        return str(error)
    except Timeout:  # another one is at it
        return None
    except OSError:
        pass
    return None if done else t("engine.not_compiled", folder=_folder())


if __name__ == "__main__":
    sys.exit(_main())
