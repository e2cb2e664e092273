"""Gateways before the real cluster."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from outrider.connectors import OpenSearchCluster


@dataclass(frozen=True)
class RunningGateway:
    """A gateway in a process of its own."""

    url: str
    process: subprocess.Popen[str]


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
