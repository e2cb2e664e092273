"""`outrider backfill` on a real engine, killed at random moments."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from outrider.plugin.launcher import Engine

pytestmark = pytest.mark.engine

DOCUMENTS = 240
KILLS = int(os.environ.get("OUTRIDER_KILLS", "3"))


def command(*arguments: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "outrider.plugin.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )


def finished(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@pytest.fixture
def client(opensearch: Engine) -> Any:
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
        client.post("/killed/_bulk?refresh=true", content=body, headers=headers).raise_for_status()
        yield client
        client.delete("/killed")


def test_killed_again_and_again_it_leaves_every_document_once_with_its_vectors(
    opensearch: Engine, client: Any, tmp_path: Path
) -> None:
    asked = ("backfill", opensearch.url, "killed", "--text", "title,body", "--batch", "4", "--json")
    shown = json.loads(finished(command(*asked, "--dry-run", folder=tmp_path)))
    assert (shown["documents"], shown["encoded"]) == (DOCUMENTS, 0)
    assert "outrider" not in client.get("/killed/_mapping").text
    moment = random.Random(5)
    checkpoint = tmp_path / "killed.backfill.json"
    for _ in range(KILLS):
        before = written_at(checkpoint)
        process = command(*asked, "--rate", str(max(DOCUMENTS / KILLS, 8)), folder=tmp_path)
        while process.poll() is None and written_at(checkpoint) == before:
            time.sleep(0.01)
        time.sleep(moment.random())
        process.send_signal(signal.SIGKILL)
        process.communicate()
    report = json.loads(finished(command(*asked, folder=tmp_path)))
    assert (report["seen"], report["failed"]) == (DOCUMENTS, 0)
    assert report["written"] + report["skipped"] == DOCUMENTS
    hits = client.get("/killed/_search?size=1000&seq_no_primary_term=true").json()["hits"]["hits"]
    assert sorted(hit["_source"]["n"] for hit in hits) == list(range(DOCUMENTS))
    assert all({"outrider_dense", "outrider_sparse"} <= hit["_source"].keys() for hit in hits)
    again = json.loads(finished(command(*asked, folder=tmp_path)))
    assert (again["written"], again["skipped"]) == (0, DOCUMENTS)


def test_another_index_is_filled_and_this_one_is_left_alone(opensearch: Engine, client: Any, tmp_path: Path) -> None:
    asked = ("backfill", opensearch.url, "killed", "--into", "filled", "--text", "title,body", "--json")
    shown = json.loads(finished(command(*asked, "--dry-run", folder=tmp_path)))
    assert (shown["documents"], shown["encoded"], len(shown["requests"])) == (DOCUMENTS, 0, 1)
    report = json.loads(finished(command(*asked, folder=tmp_path)))
    assert (report["seen"], report["written"], report["failed"]) == (DOCUMENTS, DOCUMENTS, 0)
    client.put("/killed/_doc/d1?refresh=true", json={"title": "document 1", "body": "an otter", "n": 1})
    again = json.loads(finished(command(*asked, folder=tmp_path)))
    assert (again["seen"], again["written"], again["skipped"]) == (DOCUMENTS, 1, DOCUMENTS - 1)
    hits = client.get("/filled/_search?size=1000").json()["hits"]["hits"]
    assert {hit["_source"]["n"]: hit["_source"]["body"] for hit in hits}[1] == "an otter"
    assert len(hits) == DOCUMENTS
    assert all({"outrider_dense", "outrider_sparse"} <= hit["_source"].keys() for hit in hits)
    assert "outrider" not in client.get("/killed/_mapping").text
    client.delete("/filled")
