"""The process's memory: how much it holds, what the collector may skip, and giving back what a model leaves behind."""

import ctypes
import gc
import os
from pathlib import Path

_STATM = Path("/proc/self/statm")


def resident_bytes() -> int | None:
    """What the process holds in RAM; None where the system does not say."""
    if not _STATM.is_file():
        return None
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


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
