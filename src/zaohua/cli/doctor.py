"""zaohua doctor: what this machine has, what it lacks, and the exact fix."""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Literal

import typer

from zaohua import machine
from zaohua.cli.common import Json, console, print_json, table
from zaohua.i18n import t

TESTED_TORCH = "2.13.0"  # what constraints.txt pins
OLDEST_TORCH = (2, 10)
LITTLE_MEMORY, LITTLE_DISK = 2 * 10**9, 2 * 10**9  # bytes; the quickstart needs less than half of each
_MARKS = {"ok": ("✓", "green"), "note": ("!", "yellow"), "missing": ("✗", "bold red")}


@dataclass(frozen=True)
class Finding:
    """One line of the report. "missing": the main job cannot run. fix: what to do, as a command if there is one."""

    name: str
    value: str
    status: Literal["ok", "note", "missing"] = "ok"
    fix: str = ""


def doctor(json: Json = False) -> None:
    facts = machine.describe_machine()
    gflops = _measured(facts)
    findings = [*_hardware(facts), *_torch(facts), *_gpu(facts), *_speed(gflops), *_packages(), _cache()]
    healthy = all(finding.status != "missing" for finding in findings)
    if json:
        print_json({"ok": healthy, "machine": facts, "gflops": gflops, "findings": [asdict(f) for f in findings]})
    else:
        _show(findings, healthy)
    if not healthy:
        raise typer.Exit(1)


def _show(findings: list[Finding], healthy: bool) -> None:
    from rich.text import Text

    made = table(t("doctor.title"), "", "", "")
    made.show_header = False
    made.columns[1].justify = made.columns[2].justify = "left"
    for finding in findings:
        mark, style = _MARKS[finding.status]
        value = Text(finding.value)
        if finding.fix:
            value.append(f"\n→ {finding.fix}", style=style)
        made.add_row(Text(mark, style=style), finding.name, value)
    out = console()
    out.print(made)
    out.print(t("doctor.healthy") if healthy else t("doctor.unhealthy"), style="green" if healthy else "red")


def _noted(name: str, value: str, wrong: bool, fix: str) -> Finding:
    return Finding(name, value, "note", fix) if wrong else Finding(name, value)


def _hardware(facts: dict[str, Any]) -> Iterator[Finding]:
    from zaohua.report.numbers import size

    yield Finding(t("doctor.system"), facts["system"])
    flags = " ".join(facts["flags"]) or t("doctor.no_flags")
    yield Finding(t("doctor.processor"), f"{facts['processor']} · {flags}")
    yield Finding(t("doctor.cores"), str(facts["cores"]))
    free = machine.available_memory()
    memory = t("doctor.free_of", free=size(free), total=size(facts["memory_bytes"]))
    yield _noted(t("doctor.memory"), memory, free < LITTLE_MEMORY, t("doctor.little_memory"))
    free = machine.free_disk(Path.cwd())
    yield _noted(t("doctor.disk"), t("doctor.free", free=size(free)), free < LITTLE_DISK, t("doctor.little_disk"))
    yield Finding("Python", facts["python"])


def _torch(facts: dict[str, Any]) -> Iterator[Finding]:
    if facts["torch"] is None:
        yield Finding("torch", facts["torch_error"], "missing", f"pip install torch=={TESTED_TORCH}")
        return
    value = f"{facts['torch']} ({facts['build']})"
    numbers = tuple(int(part) for part in re.findall(r"\d+", facts["torch"])[:2])
    if numbers < OLDEST_TORCH:
        yield Finding("torch", value, "missing", f"pip install torch=={TESTED_TORCH}")
    else:
        untested = facts["torch"].partition("+")[0] != TESTED_TORCH
        yield _noted("torch", value, untested, t("doctor.untested_torch", version=TESTED_TORCH))
    compiler = machine.cxx_compiler()
    fix = "xcode-select --install" if sys.platform == "darwin" else t("doctor.install_compiler")
    yield _noted(t("doctor.compiler"), compiler or t("doctor.none"), compiler is None, fix)


def _gpu(facts: dict[str, Any]) -> Iterator[Finding]:
    """The GPU, and whether the torch build can use it: the mismatch that makes people train on the wrong device."""
    from zaohua.report.numbers import size

    name, seen = t("doctor.gpu"), machine.nvidia_gpus()
    for gpu in facts["gpus"]:
        value = f"{gpu['name']} · {size(gpu['memory_bytes'])}"
        yield _noted(name, value, not gpu["supported"], t("doctor.gpu_unsupported", build=facts["build"]))
    if facts["gpus"] or facts["torch"] is None:
        return
    if seen and facts["build"] == "cpu":
        # the default index carries CUDA builds for Linux alone
        fix = t("doctor.cpu_build_linux" if sys.platform == "linux" else "doctor.cpu_build", version=TESTED_TORCH)
        yield Finding(name, ", ".join(seen), "note", fix)
    elif seen:
        yield Finding(name, ", ".join(seen), "note", t("doctor.driver", build=facts["build"]))
    elif machine.has_amd_gpu() and not facts["build"].startswith("rocm"):
        yield Finding(name, "AMD", "note", t("doctor.rocm_build", version=TESTED_TORCH))
    elif facts["build"] != "cpu":
        yield Finding(name, t("doctor.none"), "ok", t("doctor.gpu_build_unused", build=facts["build"]))
    elif sys.platform == "darwin":
        yield Finding(name, t("doctor.apple_gpu_unused"))
    else:
        yield Finding(name, t("doctor.none"))


def _measured(facts: dict[str, Any]) -> float | None:
    """The matrix-product rate of the device that training would use, in GFLOP/s; None without torch."""
    if facts["torch"] is None:
        return None
    import torch

    return machine.peak_flops(torch.device("cuda" if facts["gpus"] else "cpu")) / 1e9


def _speed(gflops: float | None) -> Iterator[Finding]:
    if gflops is None:
        return
    import torch

    threads, cores = torch.get_num_threads(), machine.usable_cores()
    value = t("doctor.gflops", gflops=f"{gflops:,.0f}", threads=threads)
    fewer = threads < cores // 2  # hyper-threads do not help matrix products
    yield _noted(t("doctor.speed"), value, fewer, t("doctor.few_threads", threads=threads, cores=cores))


def _cache() -> Finding:
    """Where fetched data and prepared text are kept, and whether they can be."""
    from zaohua.data.wheels import cache_folder
    from zaohua.report.numbers import size

    folder = cache_folder()
    used = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    there = next(place for place in (folder, *folder.parents) if place.exists())
    wrong = not os.access(there, os.W_OK)
    return _noted(t("doctor.cache"), f"{folder} · {size(used)}", wrong, t("doctor.cache_not_writable"))


def _packages() -> Iterator[Finding]:
    """Dependencies that are not there: required ones first, then what each extra would add."""
    extras: dict[str, list[str]] = {}
    for requirement in requires("zaohua") or []:
        wanted, _, condition = requirement.partition(";")
        found = re.search(r"extra == ['\"]([\w-]+)", condition)
        extra, package = found.group(1) if found else "", re.split(r"[^\w.-]", wanted.strip())[0]
        if extra != "dev" and package != "torch" and not _installed(package):
            extras.setdefault(extra, []).append(f"'{wanted.strip()}'")
    for package in extras.pop("", []):
        yield Finding(package.strip("'"), t("doctor.not_installed"), "missing", f"pip install {package}")
    for extra, packages in extras.items():
        value = t(f"doctor.extra_{extra.replace('-', '_')}")
        yield Finding(t("doctor.extra", extra=extra), value, "note", f"pip install {' '.join(packages)}")


def _installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False
