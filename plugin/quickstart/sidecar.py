"""A sidecar in a process of its own, for as long as it is needed."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import httpx

from ..errors import PluginError
from ..launcher import dying_with_parent

_READY_WITHIN_S = 600.0  # a first start fetches three models


@contextmanager
def running_sidecar(port: int = 0) -> Iterator[str]:
    """Start `outrider serve` and yield its URL once every model is warm; ends with this process.

    Raises PluginError with what the sidecar said if it does not start.
    """
    command = [sys.executable, "-m", "outrider.plugin.cli", "serve", "--port", str(port), "--log-level", "warning"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=dying_with_parent(),  # noqa: PLW1509 - one system call, looked up before the fork
        )
        try:
            yield _ready_url(process, log)
        finally:
            process.terminate()
            process.wait()
            if process.stdout:
                process.stdout.close()


def _ready_url(process: subprocess.Popen[str], log: IO[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    url = line.removeprefix("listening on ").strip()
    started_s = time.monotonic()
    with httpx.Client(trust_env=False) as client:
        while url and process.poll() is None and time.monotonic() - started_s < _READY_WITHIN_S:
            if client.get(f"{url}/ready").is_success:
                return url
            time.sleep(0.1)
    process.terminate()
    process.wait()
    log.seek(0)
    said = log.read().strip().splitlines()
    raise PluginError(f"the sidecar did not start: {said[-1] if said else 'it said nothing'}")
