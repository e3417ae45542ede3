"""When compiled code is used, and who compiles it."""

import pickle
import subprocess
import sys
from importlib.util import find_spec

import pytest

from zaohua.language.engine import compiling

SMALL = """
from numba import njit, types

@njit(cache=True)
def twice(x):
    return 2 * x

def compile_all():
    twice.compile((types.int64,))
"""
CALL = """
import os, sys
from pathlib import Path
folder = Path(sys.argv[1])
os.environ["ZAOHUA_COMPILED"] = "1"
from zaohua.language import engine
engine.__path__.insert(0, str(folder))
from zaohua.language.engine import compiling
compiling._folder = lambda: folder / "kept"
print(compiling.compiled(), sys.modules["zaohua.language.engine.kernels"].twice(21))
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """One that has numba and has compiled nothing; `begun` lists the processes that were to compile."""
    monkeypatch.setenv("ZAOHUA_CACHE", str(tmp_path))
    monkeypatch.delenv("ZAOHUA_COMPILED", raising=False)
    monkeypatch.setattr(compiling, "find_spec", lambda name: object())
    monkeypatch.setattr(compiling, "version", lambda name: "1.0")
    begun = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: begun.append(command))
    monkeypatch.setattr(compiling, "_loaded", lambda: True)
    functions = (compiling._folder, compiling._begin, compiling._tidied)
    for function in functions:
        function.cache_clear()
    yield begun
    for function in functions:
        function.cache_clear()


def test_without_numba_there_is_none(machine, monkeypatch):
    monkeypatch.setattr(compiling, "find_spec", lambda name: None)
    assert not compiling.compiled()
    assert machine == []


def test_what_is_not_there_is_compiled_by_another_process_once(machine):
    assert not compiling.compiled()
    assert not compiling.compiled()
    assert machine == [[sys.executable, "-m", "zaohua.language.engine.compiling"]]
    compiling._folder().mkdir(parents=True)
    compiling._done().touch()
    assert compiling.compiled()


def test_the_environment_decides(machine, monkeypatch):
    monkeypatch.setenv("ZAOHUA_COMPILED", "1")
    assert compiling.compiled()
    compiling._folder().mkdir(parents=True)
    compiling._done().touch()
    monkeypatch.setenv("ZAOHUA_COMPILED", "0")
    assert not compiling.compiled()
    assert machine == []


def test_another_numba_compiles_anew(machine, monkeypatch):
    before = compiling._folder()
    compiling._folder.cache_clear()
    monkeypatch.setattr(compiling, "version", lambda name: "2.0")
    assert compiling._folder() != before


@pytest.mark.parametrize("kept", ["index", "data", "emptied", "none"])
def test_what_is_cut_off_on_disk_is_deleted_and_compiled_anew(machine, kept):
    """Files as numba writes them: an index is two pickles, data are one."""
    below = compiling._folder() / "engine_12"
    below.mkdir(parents=True, mode=0o700)
    index = pickle.dumps("1.0") + pickle.dumps(("stamp", {"key": "read.1.nbc"}))
    data = pickle.dumps((bytes(300_000), "no end of names"))
    cut = {"index": (index[:-9], data), "data": (index, data[:-100]), "emptied": (index, b""), "none": (index, data)}
    for name, content in zip(("read.nbi", "read.1.nbc"), cut[kept], strict=True):
        (below / name).write_bytes(content)
    compiling._done().touch()
    (compiling._folder() / "lock").touch()
    whole = kept == "none"
    assert compiling.compiled() == whole
    assert machine == ([] if whole else [[sys.executable, "-m", "zaohua.language.engine.compiling"]])
    assert below.exists() == compiling._done().exists() == whole
    assert (compiling._folder() / "lock").exists()


@pytest.mark.skipif(find_spec("numba") is None, reason="without numba nothing is kept")
def test_numba_compiles_anew_what_was_cut_off(tmp_path):
    """The files of a small function of its own, cut off, and all of it again in new processes."""
    (tmp_path / "kernels.py").write_text(SMALL, "utf-8")
    for kind in ("nbi", "nbc"):
        run = [sys.executable, "-c", CALL, str(tmp_path)]
        assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "True 42\n"
        [file] = (tmp_path / "kept").rglob(f"*.{kind}")
        file.write_bytes(file.read_bytes()[:-20])
        assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "True 42\n"
        assert compiling._whole(file)


def test_code_is_loaded_from_a_folder_of_ones_own_alone(tmp_path):
    assert compiling._ours(tmp_path / "new")
    for mode in (0o777, 0o775):
        (tmp_path / "new").chmod(mode)
        assert not compiling._ours(tmp_path / "new")


def test_what_cannot_be_loaded_leaves_the_work_to_pytorch(tmp_path, monkeypatch):
    monkeypatch.setenv("ZAOHUA_CACHE", str(tmp_path))
    monkeypatch.setenv("ZAOHUA_COMPILED", "1")

    def broken():
        raise ImportError("numba needs another numpy")

    monkeypatch.setattr(compiling, "find_spec", lambda name: object())
    monkeypatch.setattr(compiling, "_load", broken)
    compiling._folder.cache_clear()
    compiling._loaded.cache_clear()
    assert not compiling.compiled()
    compiling._folder.cache_clear()
    compiling._loaded.cache_clear()


def test_where_nothing_can_be_started_pytorch_serves(machine, monkeypatch):
    def refused(*arguments, **options):
        raise OSError

    monkeypatch.setattr(subprocess, "Popen", refused)
    assert not compiling.compiled()
