"""What this machine has: processor, memory, graphics processors, the torch build, and how fast it multiplies matrices.

Works without torch, whose absence or breakage is one of the things `zaohua doctor` reports.
"""

import ctypes
import os
import platform
import shutil
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    import torch

# Instruction sets that decide how fast fp32 and bf16 matrix products run, as Linux and macOS spell them.
_MATRIX_FLAGS = {
    **{name: name for name in ("avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni", "amx_bf16")},
    **{name: name for name in ("amx_tile", "asimd", "bf16", "i8mm", "sve", "sve2")},
    **{"hw.optional.arm.FEAT_BF16": "bf16", "hw.optional.arm.FEAT_I8MM": "i8mm", "hw.optional.AdvSIMD": "asimd"},
    **{"hw.optional.avx2_0": "avx2", "hw.optional.avx512f": "avx512f", "hw.optional.fma": "fma"},
}
_CPU_PRODUCT = (2048, 512, 2048)  # rows, inner, columns: a layer of a small model on a batch
_GPU_PRODUCT = (8192, 8192, 8192)  # large enough to fill any GPU
_TIMED_SECONDS = 0.3
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # as malloc.h numbers what can be tuned
_measured: dict[tuple[str, str, int], float] = {}  # peak_flops by device, precision and threads
_CGROUP = Path("/sys/fs/cgroup")  # a container's limits, which the machine's totals do not show


def describe_machine() -> dict[str, Any]:
    """Everything but the measured speed, as JSON values; sizes in bytes. Holds no name of a person, host or folder."""
    memory = psutil.virtual_memory()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor_name(),
        "cores": usable_cores(),
        "flags": processor_flags(),
        "memory_bytes": min(memory.total, _container_memory() or memory.total),
        "python": platform.python_version(),
        **torch_build(),
    }


def processor_name() -> str:
    """The processor as its maker calls it."""
    if sys.platform == "darwin":
        name = _output("sysctl", "-n", "machdep.cpu.brand_string")
    else:
        name = _cpuinfo().get("model name", "")
    return name or platform.processor() or platform.machine()


def processor_flags() -> list[str]:
    """Those of the processor's instruction sets that matter to matrix products; empty where the system keeps them."""
    if sys.platform == "darwin":
        lines = (line.partition(":") for line in _output("sysctl", "hw.optional").splitlines())
        found = {name for name, _, value in lines if value.strip() == "1"}
    else:
        info = _cpuinfo()
        found = set(f"{info.get('flags', '')} {info.get('Features', '')}".split())
    return sorted({short for name, short in _MATRIX_FLAGS.items() if name in found})


def usable_cores() -> int:
    """Processor cores this process may use: affinity and a container's quota counted."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _read(_CGROUP / "cpu.max").partition(" ")
    if quota.isdigit() and period.strip().isdigit():
        cores = min(cores, max(1, round(int(quota) / int(period))))
    return cores


def available_memory() -> int:
    """Bytes that can still be used without swapping, a container's limit counted."""
    available = psutil.virtual_memory().available
    limit, used = _container_memory(), _read(_CGROUP / "memory.current")
    if limit is not None and used.isdigit():
        available = min(available, max(0, limit - int(used)))
    return available


def free_disk(folder: Path) -> int:
    """Bytes free where `folder` is or would be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def torch_build() -> dict[str, Any]:
    """torch: its version or None; torch_error: why it does not load; build: "cpu", "cuda 13.0" or "rocm 7.0";
    gpus: those that training can use, each with name, memory_bytes and whether this build has code for it."""
    try:
        import torch
    except Exception as error:  # a torch built for another machine fails in many ways: each is a finding to report
        return {"torch": None, "torch_error": f"{type(error).__name__}: {error}", "build": None, "gpus": []}
    build = "cpu"
    if torch.version.cuda:
        build = f"cuda {torch.version.cuda}"
    elif torch.version.hip:
        build = f"rocm {torch.version.hip}"
    gpus = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            gpu = torch.cuda.get_device_properties(index)
            supported = bool(torch.version.hip) or _has_code_for(gpu.major, gpu.minor, torch.cuda.get_arch_list())
            gpus.append({"name": gpu.name, "memory_bytes": gpu.total_memory, "supported": supported})
    return {"torch": torch.__version__, "build": build, "gpus": gpus}


def _has_code_for(major: int, minor: int, built: list[str]) -> bool:
    """Whether kernels for compute capability (major, minor) are in the build: sm_* runs on later minors of its major,
    compute_* is compiled when needed on anything later."""
    for name in built:
        kind, _, digits = name.partition("_")
        digits = digits.rstrip("af")
        if not digits.isdigit():
            continue
        at = divmod(int(digits), 10)
        if (kind == "sm" and at[0] == major and at[1] <= minor) or (kind == "compute" and at <= (major, minor)):
            return True
    return False


def nvidia_gpus() -> list[str]:
    """Names of the NVIDIA GPUs that the driver sees, whatever torch sees."""
    listing = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return [line.strip() for line in listing.splitlines() if line.strip()]


def has_amd_gpu() -> bool:
    """Whether the kernel offers an AMD compute device."""
    return Path("/dev/kfd").exists()


def cxx_compiler() -> str | None:
    """The C++ compiler that torch.compile would call, if there is one."""
    candidates = [os.environ.get("CXX", ""), "cl"] if sys.platform == "win32" else [os.environ.get("CXX", "")]
    return next((name for name in (*candidates, "g++", "clang++", "c++") if name and shutil.which(name)), None)


def usual_device(asked: "torch.device | str | None") -> "torch.device":
    """The device asked for; else a CUDA GPU if there is one, else the CPU."""
    import torch

    return torch.device(asked or ("cuda" if torch.cuda.is_available() else "cpu"))


def peak_flops(device: "torch.device", precision: str = "fp32", *, reached: float = 0.0) -> float:
    """Measured rate of a large matrix product, in operations per second: what a training step is compared with.

    [2048, 512] x [512, 2048] on a CPU with the threads torch uses now. precision: "fp32" or "bf16".
    Takes about a third of a second the first time; remembered after that. reached: a rate that other work has shown;
    where it is higher, other programs disturbed the measurement, which is made again and cannot end below it.
    """
    import torch

    key = str(device), precision, torch.get_num_threads()
    if (known := _measured.get(key, 0.0)) <= reached:
        _measured[key] = max(known, reached, _measure(*key))
    return _measured[key]


def make_way(busy: float = 0.25) -> bool:
    """Where other programs already use more than `busy` of a core, let threads that wait for each other sleep instead
    of spinning; True if so. Must come before torch is loaded, and leaves a choice made in the environment alone.

    Threads that spin on a core which another program wants wait for a whole turn of the scheduler, at every operation:
    a training step of 104 ms took 373 beside one busy program and seconds beside three, with sleeping threads 187 and
    512; on a quiet machine sleeping costs a fifth (docs/en/decisions.md).
    """
    chosen = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"} & os.environ.keys()
    if sys.platform != "linux" or chosen or "torch" in sys.modules or os.environ.get("OMP_NUM_THREADS") == "1":
        return False
    if psutil.cpu_percent(interval=0.1) / 100 * (psutil.cpu_count() or 1) <= busy:
        return False
    os.environ["OMP_WAIT_POLICY"] = "passive"
    return True


def keep_memory() -> bool:
    """Let this process keep the memory that it frees for its next allocation; True if so.

    glibc hands what is freed at the heap's end back to the kernel, which clears every page anew when a moment later the
    same amount is asked for: 4,700 to 11,800 pages in each training step of a small model, 1 to 17% of its time.
    Blocks of over 32 MiB still go back at once. Leaves a choice made in the environment alone.
    """
    chosen = {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"} & os.environ.keys()
    if chosen or platform.libc_ver()[0] != "glibc":
        return False
    tune = ctypes.CDLL(None).mallopt
    return bool(tune(_M_MMAP_THRESHOLD, 32 << 20) and tune(_M_TRIM_THRESHOLD, (1 << 31) - 1))


def _measure(device: str, precision: str, threads: int) -> float:
    import torch

    on_cpu = torch.device(device).type == "cpu"
    rows, inner, columns = _CPU_PRODUCT if on_cpu else _GPU_PRODUCT
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    with torch.inference_mode():
        left = torch.randn(rows, inner, device=device).to(dtype)  # of ones a GPU makes a faster product
        right = torch.randn(inner, columns, device=device).to(dtype)
        out = torch.empty(rows, columns, device=device, dtype=dtype)

        def product() -> float:
            began = time.perf_counter()
            torch.mm(left, right, out=out)
            if not on_cpu:
                torch.accelerator.synchronize()
            return time.perf_counter() - began

        product()  # the first call sets up threads and kernels
        best, deadline = product(), time.perf_counter() + _TIMED_SECONDS
        while time.perf_counter() < deadline:
            best = min(best, product())  # the fastest: others measure what else the machine was doing
    return 2 * rows * inner * columns / best


@cache
def _cpuinfo() -> dict[str, str]:
    """The first processor's entry of /proc/cpuinfo."""
    first = _read(Path("/proc/cpuinfo")).partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _container_memory() -> int | None:
    limit = _read(_CGROUP / "memory.max")
    return int(limit) if limit.isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _output(*command: str) -> str:
    """What a system tool prints; nothing if it is missing, fails or hangs."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
