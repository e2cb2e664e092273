"""`outrider backfill` on a real engine, killed at random moments."""

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from outrider.plugin.launcher import Engine

from ..conftest import Command

StartSidecar = Callable[..., Any]
pytestmark = pytest.mark.engine

DOCUMENTS = 240
KILLS = int(os.environ.get("OUTRIDER_KILLS", "3"))


def written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@pytest.fixture(scope="module")
def sidecar_url(start_sidecar: StartSidecar, static_model: Callable[[int], Path]) -> Iterator[str]:
    """One with a model that encodes in no time, so that a kill costs little more than another start."""
    with start_sidecar(OUTRIDER_MODELS=json.dumps([{"source": str(static_model(1))}])) as running:
        yield running.url


@pytest.fixture
def asked(opensearch: Engine, index: str, sidecar_url: str) -> tuple[str, ...]:
    return ("backfill", opensearch.url, index, "--text", "title,body", "--sidecar", sidecar_url, "--json")


@pytest.fixture
def index() -> str:
    """One of its own for each test: a gateway that still runs may know one of this name from before."""
    return f"backfill-{uuid4().hex[:8]}"


@pytest.fixture
def client(opensearch: Engine, index: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=opensearch.url, timeout=60) as client:
        lines = [
            line
            for n in range(DOCUMENTS)
            for line in (
                {"index": {"_id": f"d{n}"}},
                {"title": f"document {n}", "body": "a heron in the reeds", "n": n},
            )
        ]
        body = "".join(json.dumps(line) + "\n" for line in lines)
        headers = {"content-type": "application/x-ndjson"}
        client.post(f"/{index}/_bulk?refresh=true", content=body, headers=headers).raise_for_status()
        yield client
        client.delete(f"/{index},{index}-filled?ignore_unavailable=true")


def test_killed_again_and_again_it_leaves_every_document_once_with_its_vectors(
    client: httpx.Client, index: str, asked: tuple[str, ...], outrider: Command, tmp_path: Path
) -> None:
    asked = (*asked, "--batch", "4")
    shown = json.loads(outrider(*asked, "--dry-run").stdout)
    assert (shown["documents"], shown["encoded"]) == (DOCUMENTS, 0)
    assert "outrider" not in client.get(f"/{index}/_mapping").text
    moment = random.Random(5)
    checkpoint = tmp_path / f"{index}.backfill.json"
    for _ in range(KILLS):
        before = written_at(checkpoint)
        process = outrider.start(*asked, "--rate", max(DOCUMENTS / KILLS, 8))
        while process.poll() is None and written_at(checkpoint) == before:
            time.sleep(0.01)
        time.sleep(moment.random())
        process.send_signal(signal.SIGKILL)
        process.communicate()
    report = json.loads(outrider(*asked).stdout)
    assert (report["seen"], report["failed"]) == (DOCUMENTS, 0)
    assert report["written"] + report["skipped"] == DOCUMENTS
    hits = client.get(f"/{index}/_search?size=1000&seq_no_primary_term=true").json()["hits"]["hits"]
    assert sorted(hit["_source"]["n"] for hit in hits) == list(range(DOCUMENTS))
    assert all("outrider_dense" in hit["_source"] for hit in hits)
    again = json.loads(outrider(*asked).stdout)
    assert (again["written"], again["skipped"]) == (0, DOCUMENTS)


def test_nothing_is_deleted_in_place(client: httpx.Client, asked: tuple[str, ...], outrider: Command) -> None:
    done = outrider(*asked, "--delete", check=False)
    assert done.returncode != 0
    assert "--delete goes with --into" in done.stderr


def test_another_index_is_filled_and_this_one_is_left_alone(
    client: httpx.Client, index: str, asked: tuple[str, ...], outrider: Command
) -> None:
    asked = (*asked, "--into", f"{index}-filled")
    shown = json.loads(outrider(*asked, "--dry-run").stdout)
    assert (shown["documents"], shown["encoded"], len(shown["requests"])) == (DOCUMENTS, 0, 1)
    report = json.loads(outrider(*asked).stdout)
    assert (report["seen"], report["written"], report["failed"]) == (DOCUMENTS, DOCUMENTS, 0)
    client.put(f"/{index}/_doc/d1?refresh=true", json={"title": "document 1", "body": "an otter", "n": 1})
    again = json.loads(outrider(*asked).stdout)
    assert (again["seen"], again["written"], again["skipped"]) == (DOCUMENTS, 1, DOCUMENTS - 1)
    hits = client.get(f"/{index}-filled/_search?size=1000").json()["hits"]["hits"]
    assert {hit["_source"]["n"]: hit["_source"]["body"] for hit in hits}[1] == "an otter"
    assert len(hits) == DOCUMENTS
    assert all("outrider_dense" in hit["_source"] for hit in hits)
    assert "outrider" not in client.get(f"/{index}/_mapping").text


def test_what_was_deleted_here_is_counted_and_deleted_there(
    client: httpx.Client, index: str, asked: tuple[str, ...], outrider: Command
) -> None:
    asked = (*asked, "--into", f"{index}-filled")
    client.put(f"/{index}/_doc/routed?routing=elsewhere", json={"title": "routed", "n": DOCUMENTS})
    assert json.loads(outrider(*asked).stdout)["surplus"] == 0
    client.delete(f"/{index}/_doc/d7")
    client.delete(f"/{index}/_doc/routed?routing=elsewhere")
    client.put(f"/{index}/_doc/d8?refresh=true", json={"title": "document 8", "body": "an otter", "n": 8})
    again = json.loads(outrider(*asked).stdout)
    left = DOCUMENTS - 1
    assert (again["seen"], again["written"], again["surplus"], again["deleted"]) == (left, 1, 2, 0)
    assert client.get(f"/{index}-filled/_count").json()["count"] == left + 2
    shown = json.loads(outrider(*asked, "--delete", "--dry-run").stdout)
    assert (shown["documents"], shown["encoded"], shown["deleted"]) == (left, left + 2, 2)
    done = json.loads(outrider(*asked, "--delete").stdout)
    assert (done["seen"], done["skipped"], done["surplus"], done["deleted"]) == (left, left, 0, 2)
    counts = [client.get(f"/{name}/_count").json()["count"] for name in (index, f"{index}-filled")]
    assert counts == [left, left]
    assert client.get(f"/{index}-filled/_doc/d7").status_code == 404
