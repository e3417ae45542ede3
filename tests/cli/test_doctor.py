"""zaohua doctor: what it finds here, and what it would say on machines we do not have."""

import importlib.metadata
import json
import re
import sys
from pathlib import Path

import pytest

from zaohua import machine
from zaohua.cli import doctor

ROOT = Path(__file__).resolve().parents[2]
GPU = {"name": "NVIDIA H100", "memory_bytes": 80 * 10**9, "supported": True}


def facts(**change):
    return {"torch": "2.13.0", "build": "cpu", "gpus": []} | change


def found(findings):
    (finding,) = findings
    return finding


def test_this_machine_is_well(zaohua):
    result = zaohua("doctor", "--json")
    answer = json.loads(result.out)
    assert result.code == 0
    assert answer["ok"]
    assert answer["gflops"] > 0.1
    assert {finding["status"] for finding in answer["findings"]} <= {"ok", "note"}
    assert all(finding["fix"] for finding in answer["findings"] if finding["status"] == "note")


def test_the_table_shows_every_finding(zaohua):
    shown = zaohua("doctor").out
    for finding in json.loads(zaohua("doctor", "--json").out)["findings"]:
        assert finding["name"] in shown


def test_without_torch_the_fix_is_shown_and_the_code_is_1(zaohua, monkeypatch):
    broken = {"torch": None, "torch_error": "ImportError: libgomp.so.1", "build": None, "gpus": []}
    monkeypatch.setattr(machine, "torch_build", lambda: broken)
    result = zaohua("doctor")
    assert result.code == 1
    assert "libgomp.so.1" in result.out
    assert "pip install torch==" in result.out


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("2.13.0", "ok"),
        ("2.13.0+cu130", "ok"),
        ("2.14.1", "note"),
        ("2.10.0", "note"),
        ("2.9.1", "missing"),
        ("1.13", "missing"),
    ],
)
def test_the_version_of_torch(version, status):
    finding = next(f for f in doctor._torch(facts(torch=version)) if f.name == "torch")
    assert finding.status == status
    assert bool(finding.fix) == (status != "ok")


def test_the_tested_torch_is_the_pinned_one():
    assert f"torch=={doctor.TESTED_TORCH}\n" in (ROOT / "constraints.txt").read_text()
    declared = re.search(r'"torch>=([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert declared.group(1) == ".".join(map(str, doctor.OLDEST_TORCH))


@pytest.mark.parametrize(
    ("seen", "change", "status", "words"),
    [
        ([], {}, "ok", ""),
        (["NVIDIA T4"], {}, "note", "pip install --force-reinstall torch=="),
        (["NVIDIA T4"], {"build": "cuda 13.0"}, "note", "update the NVIDIA driver"),
        (["NVIDIA H100"], {"build": "cuda 13.0", "gpus": [GPU]}, "ok", ""),
        (["NVIDIA H100"], {"build": "cuda 13.0", "gpus": [GPU | {"supported": False}]}, "note", "no code for this GPU"),
        ([], {"build": "cuda 13.0"}, "ok", "a CPU build is smaller"),
    ],
)
def test_gpu_and_build_are_compared(monkeypatch, seen, change, status, words):
    monkeypatch.setattr(machine, "nvidia_gpus", lambda: seen)
    monkeypatch.setattr(machine, "has_amd_gpu", lambda: False)
    finding = found(doctor._gpu(facts(**change)))
    assert finding.status == status
    assert words in finding.fix


def test_apple_s_gpu_is_not_said_to_train(monkeypatch):
    monkeypatch.setattr(machine, "nvidia_gpus", lambda: [])
    monkeypatch.setattr(machine, "has_amd_gpu", lambda: False)
    monkeypatch.setattr(sys, "platform", "darwin")
    finding = found(doctor._gpu(facts()))
    assert finding.status == "ok"
    assert "training runs on the CPU" in finding.value


def test_on_other_systems_the_index_must_be_named(monkeypatch):
    monkeypatch.setattr(machine, "nvidia_gpus", lambda: ["NVIDIA T4"])
    monkeypatch.setattr(sys, "platform", "win32")
    assert "--index-url" in found(doctor._gpu(facts())).fix


def test_missing_packages_come_with_the_command_that_installs_them(monkeypatch):
    wanted = ["torch>=2.10", "polars>=1", "rich>=14", "pypdf>=6; extra == 'documents'", "pytest>=8; extra == 'dev'"]
    monkeypatch.setattr(doctor, "requires", lambda _name: wanted)

    def version(name):
        if name != "rich":
            raise importlib.metadata.PackageNotFoundError(name)
        return "14.0"

    monkeypatch.setattr(doctor, "version", version)
    required, extra = doctor._packages()
    assert (required.status, required.fix) == ("missing", "pip install 'polars>=1'")
    assert (extra.status, extra.fix) == ("note", "pip install 'pypdf>=6'")


def test_every_extra_has_its_words(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", absent)
    assert all(finding.value for finding in doctor._packages())


def test_little_memory_and_disk_are_noted(monkeypatch):
    monkeypatch.setattr(machine, "available_memory", lambda: 10**8)
    monkeypatch.setattr(machine, "free_disk", lambda _folder: 10**8)
    noted = [finding for finding in doctor._hardware(machine.describe_machine()) if finding.status == "note"]
    assert [bool(finding.fix) for finding in noted] == [True, True]
