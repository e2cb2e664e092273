"""`outrider backfill --ray` on a Ray cluster of this machine."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from outrider.plugin.launcher import Engine

from ..conftest import Command

pytestmark = pytest.mark.engine

DOCUMENTS = 500
# On a machine that is busy with other things, its parts take long to find each other.
PATIENT = {"RAY_raylet_start_wait_time_s": "300"}


@pytest.fixture
def index(opensearch: Engine) -> Iterator[str]:
    name = f"ray-{uuid4().hex[:8]}"
    lines = "".join(
        json.dumps({"index": {"_id": f"d{n}"}}) + "\n" + json.dumps({"title": f"document {n}", "n": n}) + "\n"
        for n in range(DOCUMENTS)
    )
    headers = {"content-type": "application/x-ndjson"}
    httpx.post(f"{opensearch.url}/{name}/_bulk?refresh=true", content=lines, headers=headers).raise_for_status()
    httpx.put(f"{opensearch.url}/{name}/_doc/odd?refresh=true", json={"title": ["a", "list"]}).raise_for_status()
    yield name
    httpx.delete(f"{opensearch.url}/{name}")


def test_slices_are_done_by_workers_and_counted_once(
    opensearch: Engine,
    index: str,
    start_sidecar: Callable[..., Any],
    static_model: Callable[..., Path],
    outrider: Command,
    tmp_path: Path,
) -> None:
    models = json.dumps([{"source": str(static_model(1))}])
    asked = ("backfill", opensearch.url, index, "--text", "title", "--ray", "local", "--workers", 2, "--batch", 8)
    with start_sidecar(OUTRIDER_MODELS=models) as sidecar:
        done = outrider(*asked, "--sidecar", sidecar.url, "--json", check=False, **PATIENT)
        assert done.returncode == 2, done.stderr
        report = json.loads(done.stdout)
        assert (report["seen"], report["written"], report["failed"]) == (DOCUMENTS + 1, DOCUMENTS, 1)
        assert json.loads((tmp_path / f"{index}.failed.jsonl").read_text())["id"] == "odd"
        again = json.loads(outrider(*asked, "--sidecar", sidecar.url, "--json", check=False, **PATIENT).stdout)
        assert (again["written"], again["skipped"], again["failed"]) == (0, DOCUMENTS, 1)
    hits = httpx.get(f"{opensearch.url}/{index}/_search?size=1000").json()["hits"]["hits"]
    encoded = [hit["_source"]["n"] for hit in hits if hit["_source"].get("outrider", {}).get("state") == "encoded"]
    assert sorted(encoded) == list(range(DOCUMENTS))


def test_nobody_counts_together_there(outrider: Command) -> None:
    done = outrider("backfill", "http://127.0.0.1:9", "docs", "--ray", "local", "--rate", 5, check=False)
    assert done.returncode == 1
    assert "--rate does not go with --ray" in done.stderr
