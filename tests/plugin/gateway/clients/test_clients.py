"""Both engines' official clients work through the gateway unchanged, in environments of their own that uv makes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from outrider.connectors import IndexSpec, connect, ensure_index, spec_for
from outrider.plugin.client import SidecarClient

from ..conftest import await_known

pytestmark = pytest.mark.engine

HERE = Path(__file__).parent


def run(script: str, *arguments: str) -> list[str]:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise FileNotFoundError(f"no uv beside {sys.executable} or on PATH; `make test` brings it")
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    command = [found, "run", "--quiet", "--no-project", "--script", str(HERE / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


@pytest.fixture
def made(request: pytest.FixtureRequest, sidecar: Any, start_gateway: Any) -> Iterator[tuple[str, IndexSpec]]:
    """A gateway before the engine of the parameter's name, and an index with a spec."""
    engine = request.getfixturevalue(request.param)
    cluster = connect(engine.url)
    with SidecarClient(sidecar.url) as encoder:
        spec = ensure_index(cluster, spec_for(cluster, f"test-{uuid4().hex[:12]}", ("title",), encoder.models))
    with (
        start_gateway(engine.url, "--sidecar", sidecar.url) as gateway,
        httpx.Client(base_url=gateway.url, timeout=60) as http,
    ):
        await_known(http, spec.index)
        yield gateway.url, spec
    cluster.write("DELETE", f"/{spec.index}")
    cluster.close()


@pytest.mark.parametrize("made", ["opensearch"], indirect=True)
def test_opensearch_py(made: tuple[str, IndexSpec]) -> None:
    assert run("opensearch_clients.py", made[0], made[1].index) == ["sync", "asynchronous"]


@pytest.mark.parametrize("made", ["elasticsearch"], indirect=True)
def test_elasticsearch_py(made: tuple[str, IndexSpec]) -> None:
    assert run("elasticsearch_clients.py", made[0], made[1].index) == ["sync", "asynchronous"]
