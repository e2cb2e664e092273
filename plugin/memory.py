"""The process's memory: how much it holds, whose heap is whose, and giving back what a model leaves behind."""

import ctypes
import gc
import os
from pathlib import Path

_STATM = Path("/proc/self/statm")
_M_ARENA_MAX = -8  # malloc.h


def resident_bytes() -> int | None:
    """What the process holds in RAM; None where the system does not say."""
    if not _STATM.is_file():
        return None
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def share_heaps() -> None:
    """Let all threads share two heaps of glibc, where they would have eight for each core; before threads start.

    A model's heap is returned once it is empty, and one small block of another thread's keeps it. Reloading three
    models over and over beside mixed load for seven minutes: 395 to 408 MB with two, 520 to 580 MB and growing with
    sixteen. MALLOC_ARENA_MAX in the environment goes before.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None and "MALLOC_ARENA_MAX" not in os.environ:
        mallopt(_M_ARENA_MAX, 2)


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
