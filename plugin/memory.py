"""The process's memory: how much it holds, whose heap is whose, and giving back what a model leaves behind."""

import ctypes
import gc
import os
from pathlib import Path

_STATM = Path("/proc/self/statm")
# The parameter's number in malloc.h, its name in the environment, and what it becomes.
_HEAPS = ((-8, "MALLOC_ARENA_MAX", 2), (-3, "MALLOC_MMAP_THRESHOLD_", 1 << 20))


def resident_bytes() -> int | None:
    """What the process holds in RAM; None where the system does not say."""
    if not _STATM.is_file():
        return None
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def share_heaps() -> None:
    """Let all threads share two heaps of glibc, where they would have eight for each core; before threads start.

    And let large blocks, as those of weights, have pages of their own. A model's heap is returned once it is empty, and
    one small block of another thread's keeps it. Three models reloaded over and over beside mixed load for seven
    minutes: 395 to 408 MB with two heaps, 520 to 580 MB and growing with sixteen; reloaded alone, 354 to 370 MB with
    large blocks on the heaps, 352 to 355 MB with pages of their own. The environment's MALLOC_ARENA_MAX and
    MALLOC_MMAP_THRESHOLD_ go before.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, name, value in _HEAPS:
        if name not in os.environ:
            mallopt(parameter, value)


def settle() -> None:
    """Tidy up after models came or went: free what is left behind, and keep what stays out of the collector's sight.

    The collector's last generation walks every object of the process, 50 to 70 ms for code and models that never
    change, and all requests under way wait for it. Freed memory goes back to the system: glibc keeps hundreds of
    megabytes of an unloaded model for itself.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
