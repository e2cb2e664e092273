"""What this machine can compute with, asked without loading torch."""

import ctypes
import functools
import importlib.util
import sys


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
