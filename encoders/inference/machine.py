"""What this machine can compute with, asked without loading torch."""

import ctypes
import functools
import importlib.util
import math
import os
import sys
from pathlib import Path


@functools.cache
def has_cuda_gpu() -> bool:
    """Whether torch is installed and the CUDA driver has a device for this process."""
    if importlib.util.find_spec("torch") is None:
        return False
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0


def usable_cores() -> int:
    """Cores that this process may run on, or fewer where its container's quota is less."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, core_quota() or cores)


def core_quota(groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """How many cores' time the container may take, rounded up; None where it has no quota.

    Runtimes count the machine's cores and know nothing of it: sixteen threads that share the time of one are throttled.
    """
    try:
        if (groups / "cpu.max").is_file():
            quota, period = (groups / "cpu.max").read_text().split()
        else:
            quota, period = ((groups / "cpu" / f"cpu.cfs_{each}_us").read_text() for each in ("quota", "period"))
    except (OSError, ValueError):
        return None
    return math.ceil(int(quota) / int(period)) if quota.strip() not in {"max", "-1"} else None
