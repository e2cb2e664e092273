"""Gateways before the real cluster."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from outrider.connectors import Deadlines, DenseField, IndexSpec, OpenSearchCluster, SparseField, ensure_index
from outrider.plugin.client import SidecarClient


@dataclass(frozen=True)
class RunningGateway:
    """A gateway in a process of its own."""

    url: str
    process: subprocess.Popen[str]


# On a machine that is busy with other things, an answer in time is not what most tests are about.
AMPLE = Deadlines(60, 60)
StartGateway = Callable[..., AbstractContextManager[RunningGateway]]


@pytest.fixture(scope="session")
def start_gateway() -> StartGateway:
    """Starts `outrider gateway` in a process of its own, on a free port."""

    @contextmanager
    def start(cluster_url: str, *options: str) -> Iterator[RunningGateway]:
        command = [sys.executable, "-m", "outrider.plugin.cli", "gateway", cluster_url, "--listen", "127.0.0.1:0"]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            try:
                line = process.stdout.readline()
                assert line.startswith("listening on "), f"the gateway did not start: {line!r}"
                yield RunningGateway(line.split()[-1], process)
            finally:
                process.terminate()

    return start


@pytest.fixture(scope="session")
def gateway(opensearch: Any, start_gateway: StartGateway) -> Iterator[str]:
    """A gateway without a sidecar: it only passes on."""
    with start_gateway(opensearch.url) as running:
        yield running.url


@pytest.fixture(scope="session")
def cluster(opensearch: Any) -> OpenSearchCluster:
    """A bare OpenSearch: no k-NN, no ML."""
    return OpenSearchCluster(opensearch.url)


@pytest.fixture(scope="session")
def encoder(sidecar: Any) -> Iterator[SidecarClient]:
    """The sidecar with the three ready models."""
    with SidecarClient(sidecar.url) as client:
        yield client


@pytest.fixture(scope="session")
def http(opensearch: Any, sidecar: Any, start_gateway: StartGateway) -> Iterator[httpx.Client]:
    """Through a gateway with the real sidecar."""
    with (
        start_gateway(opensearch.url, "--sidecar", sidecar.url) as running,
        httpx.Client(base_url=running.url, timeout=60) as client,
    ):
        yield client


@pytest.fixture
def spec(cluster: OpenSearchCluster, encoder: SidecarClient, http: httpx.Client) -> Iterator[IndexSpec]:
    """An index with a spec, for one test; the gateway knows of it."""
    models = encoder.models
    assert models.dimension is not None
    name = f"test-{uuid4().hex[:12]}"
    given = IndexSpec(name, ("title", "body"), models, DenseField(models.dimension), SparseField(), deadlines=AMPLE)
    spec = ensure_index(cluster, given)
    await_known(http, name)
    yield spec
    cluster.write("DELETE", f"/{name}?ignore_unavailable=true")


def await_known(http: httpx.Client, name: str) -> None:
    """Returns once the gateway marks updates to an index (or alias); this one changes nothing."""
    update = b'{"update":{"_id":"no such"}}\n{"doc":{"title":"x"}}\n'
    end_s = time.monotonic() + 30
    headers = {"content-type": "application/x-ndjson"}
    while "x-outrider" not in http.post(f"/{name}/_bulk", content=update, headers=headers).headers:
        assert time.monotonic() < end_s, f"the gateway does not know {name} after 30 s"
        time.sleep(0.05)
