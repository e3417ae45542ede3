"""When compiled code is used, and who compiles it."""

import subprocess
import sys

import pytest

from zaohua.language.engine import compiling


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
    functions = (compiling._folder, compiling._begin)
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
