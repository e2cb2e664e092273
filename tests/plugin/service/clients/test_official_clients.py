"""Official clients and schemathesis against the real sidecar, in environments of their own that uv makes and caches."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCHEMATHESIS = "schemathesis==4.32.5"


def uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise FileNotFoundError(f"no uv beside {sys.executable} or on PATH; `make test` brings it")
    inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_checks", "PYTHONPATH": str(HERE)}
    environment = {**inherited, **hooks, "HAYSTACK_TELEMETRY_ENABLED": "False", "COLUMNS": "200"}
    return subprocess.run([found, *arguments], capture_output=True, text=True, env=environment, check=False)


def test_the_official_clients_work_unchanged(sidecar: Any) -> None:
    done = uv("run", "--quiet", "--no-project", "--script", str(HERE / "official_clients.py"), sidecar.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 5


def test_no_request_that_the_openapi_document_allows_breaks_anything(sidecar: Any) -> None:
    done = uv(
        *("run", "--quiet", "--no-project", "--with", SCHEMATHESIS, "schemathesis", "run"),
        f"{sidecar.url}/openapi.json",
        *("--checks", "nothing_breaks,status_code_conformance,content_type_conformance"),
        *("--max-examples", "15", "--seed", "1", "--phases", "examples,fuzzing"),
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]
