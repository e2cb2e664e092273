"""What the collector walks while the sidecar serves, what is left of a model that is gone, and whose heap is whose."""

import os
import platform
import subprocess
import sys

import pytest

CODE = """
import gc, time, weakref
from fastapi.testclient import TestClient
from outrider.plugin.app import create_app
from outrider.plugin.settings import read_settings
with TestClient(create_app(read_settings(flags={"models": ["all-MiniLM-L6-v2"]}))) as client:
    while client.get("/ready").status_code != 200:
        pass
    print(gc.get_freeze_count(), len(gc.get_objects()))
    model = weakref.ref(client.app.state.sidecar.registry.served[0].model)
    assert client.post("/embed", json={"inputs": ["a"]}).status_code == 200
    assert model() is not None
    assert client.post("/models/unload", json={"model": "all-MiniLM-L6-v2"}).status_code == 200
    until = time.monotonic() + 10  # a task or thread that ends just now may still hold it
    while model() is not None and time.monotonic() < until:
        time.sleep(0.05)
    print("gone" if model() is None else "kept")
"""
THREADS = """
import ctypes, os, sys, threading
from outrider.plugin.memory import share_heaps
if sys.argv[1] == "shared":
    share_heaps()
kept, all_there = [], threading.Barrier(8)
def take():
    kept.append(b"x" * 5000)
    all_there.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
told = libc.fdopen(1, b"w")
libc.malloc_info(0, ctypes.c_void_p(told))
libc.fflush(ctypes.c_void_p(told))
"""


def test_the_collector_skips_what_stays_and_an_unloaded_model_is_freed() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=300)
    counts, fate = done.stdout.splitlines()
    frozen, walked = map(int, counts.split())
    assert frozen > 10 * walked
    assert fate == "gone"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the heaps are those of glibc")
def test_threads_share_two_heaps() -> None:
    assert heaps("shared") <= 2 < heaps("as ever")


def heaps(how: str) -> int:
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    run = subprocess.run(
        [sys.executable, "-c", THREADS, how], capture_output=True, text=True, check=True, env=environment
    )
    return run.stdout.count("<heap nr=")
