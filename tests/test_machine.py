"""What the machine has, told the same on any machine: real values here, made-up ones for machines we lack."""

import json
import platform
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from zaohua import machine


def test_the_description_is_json_and_agrees_with_other_witnesses():
    facts = machine.describe_machine()
    assert json.loads(json.dumps(facts)) == facts
    assert 1 <= facts["cores"] <= psutil.cpu_count()
    assert 0 < facts["memory_bytes"] <= psutil.virtual_memory().total
    assert facts["torch"] == torch.__version__
    assert facts["processor"]


def test_the_description_names_no_folder_or_host():
    import platform

    text = json.dumps(machine.describe_machine())
    assert str(Path.home()) not in text
    assert platform.node() not in text.split('"')


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_flags_are_those_the_processor_has():
    known = Path("/proc/cpuinfo").read_text().split()
    assert set(machine.processor_flags()) <= set(known)


def test_a_container_limit_is_obeyed(tmp_path, monkeypatch):
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    (tmp_path / "memory.max").write_text("1000000000\n")
    (tmp_path / "memory.current").write_text("400000000\n")
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    assert machine.usable_cores() == 1
    assert machine.describe_machine()["memory_bytes"] == 10**9
    assert machine.available_memory() == 6 * 10**8
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.describe_machine()["memory_bytes"] == psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("capability", "built", "runs"),
    [
        ((9, 0), ["sm_80", "sm_90"], True),
        ((8, 9), ["sm_80"], True),  # a later minor of the same major
        ((8, 0), ["sm_86"], False),
        ((12, 0), ["sm_90", "sm_100"], False),
        ((12, 0), ["sm_90", "compute_90"], True),  # compiled when needed
        ((9, 0), ["sm_90a"], True),
        ((9, 0), [], False),
    ],
)
def test_whether_a_build_has_code_for_a_gpu(capability, built, runs):
    assert machine._has_code_for(*capability, built) is runs


def test_a_broken_torch_is_a_finding_not_a_crash(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    found = machine.torch_build()
    assert found["torch"] is None
    assert "ModuleNotFoundError" in found["torch_error"]


def test_the_measured_rate_is_positive_and_remembered():
    cpu = torch.device("cpu")
    assert machine.peak_flops(cpu) > 1e8
    assert machine.peak_flops(cpu) == machine.peak_flops(cpu)


def test_a_rate_measured_while_others_were_busy_is_measured_again(monkeypatch):
    monkeypatch.setattr(machine, "_measured", {})
    rates = iter([10.0, 30.0, 20.0])
    monkeypatch.setattr(machine, "_measure", lambda *key: next(rates))
    cpu = torch.device("cpu")
    assert machine.peak_flops(cpu) == 10
    assert machine.peak_flops(cpu, reached=9) == 10
    assert machine.peak_flops(cpu, reached=25) == 30  # a step was faster than the product had been
    assert machine.peak_flops(cpu, reached=40) == 40  # and is so still: no share is above one
    assert machine.peak_flops(cpu) == 40


def test_free_disk_of_a_folder_that_is_not_there_yet(tmp_path):
    assert machine.free_disk(tmp_path / "not" / "yet") > 0


def test_a_tool_that_is_missing_or_fails_says_nothing():
    assert machine._output("no-such-tool-anywhere") == ""
    assert machine._output("false") == ""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other thread libraries")
@pytest.mark.parametrize(
    ("percent", "environment", "loaded", "gives_way"),
    [
        (90.0, {}, False, True),
        (0.0, {}, False, False),
        (90.0, {"OMP_WAIT_POLICY": "active"}, False, False),  # the user has chosen
        (90.0, {"OMP_NUM_THREADS": "1"}, False, False),  # nobody to wait for
        (90.0, {}, True, False),  # too late
    ],
)
def test_threads_sleep_where_other_programs_are_busy(percent, environment, loaded, gives_way, monkeypatch):
    monkeypatch.setattr(machine.os, "environ", dict(environment))
    if not loaded:
        monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval: percent)
    assert machine.make_way() is gives_way
    assert machine.os.environ.get("OMP_WAIT_POLICY") == ("passive" if gives_way else environment.get("OMP_WAIT_POLICY"))


_FAULTS = """
import resource, sys
import numpy as np
from zaohua.machine import keep_memory
kept = keep_memory() if sys.argv[1] == "kept" else False
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def work():
    return [np.ones(1 << 19) for _ in range(8)]  # 8 blocks of 4 MiB, freed together
work(); work()
before = faults()
for _ in range(20):
    work()
print(kept, faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what is tuned is glibc's allocator")
def test_memory_that_is_kept_is_not_fetched_from_the_kernel_again(monkeypatch):
    for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    results = {}
    for way in ("kept", "default"):
        run = subprocess.run([sys.executable, "-c", _FAULTS, way], capture_output=True, text=True, check=True)
        results[way] = run.stdout.split()
    assert results["kept"][0] == "True"
    assert int(results["kept"][1]) < 100 < int(results["default"][1])


def test_a_choice_of_allocator_in_the_environment_stands(monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.trim_threshold=1000000")
    assert not machine.keep_memory()
