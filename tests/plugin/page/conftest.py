"""A sidecar that may ask a real cluster, and a browser."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from outrider.connectors import Document, OpenSearchCluster, index_documents, spec_for
from outrider.plugin.client import SidecarClient

INDEX = "page-test"
BODIES = [
    ("Heron", "A tall grey bird that stands in shallow water and waits for fish."),
    ("Night train", "It leaves the station at nine in the evening."),
    ("Printer", "An old device that puts ink on paper, when it works."),
    ("Kingfisher", "A small blue bird that dives into rivers."),
]


INSTALL = ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium")


@pytest.fixture(scope="session")
def chromium() -> str:
    """A system's Chromium; where there is none, and apt and the right to use it are there, it is installed."""
    if found := _found():
        return found
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        pytest.skip("no browser here, and it takes root and apt to install one: apt-get install chromium")
    for command in (("apt-get", "update", "--quiet"), INSTALL):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            pytest.skip(f"no browser here, and `{' '.join(command)}` failed: {done.stderr.strip()[-300:]}")
    found = _found()
    assert found, "apt installed chromium, and it is not on PATH"
    return found


def _found() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="package")
def asked(opensearch: Any, start_sidecar: Any) -> Iterator[Any]:
    """A sidecar that may ask one small index of a real cluster."""
    environment = {
        "OUTRIDER_CLUSTER__URL": opensearch.url,
        "OUTRIDER_CLUSTER__INDICES": f'["{INDEX}", "not-there"]',
    }
    with start_sidecar(**environment) as running, SidecarClient(running.url) as encoder:
        cluster = OpenSearchCluster(opensearch.url)
        spec = spec_for(cluster, INDEX, ("title", "text"), encoder.models)
        documents = [
            Document(place, {"title": title, "text": text}) for place, (title, text) in enumerate(BODIES, start=1)
        ]
        report = index_documents(cluster, spec, encoder, documents)
        assert report.failed == 0
        cluster.write("POST", f"/{INDEX}/_refresh")
        yield running
        cluster.write("DELETE", f"/{INDEX}")
        cluster.close()
