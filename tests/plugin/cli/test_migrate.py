"""`outrider migrate` on a real engine, killed at random moments while an application writes."""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from outrider.connectors import Document, backfill, connect, index_documents, require_spec, spec_for, verify
from outrider.plugin.launcher import Engine
from outrider.plugin.local_encoder import LocalEncoder

from ..conftest import Command

pytestmark = pytest.mark.engine

DOCUMENTS = 200
KILLS = int(os.environ.get("OUTRIDER_KILLS", "3"))
BLOCKED = 403


class Application:
    """Writes to the alias all the time, and knows what must be there: what was answered with success."""

    def __init__(self, client: httpx.Client, alias: str, truth: dict[str, str]) -> None:
        self.truth = truth
        self.refused = 0
        self._client = client
        self._alias = alias
        self._chosen = random.Random(11)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> "Application":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _write(self) -> None:
        number = 0
        while not self._stopped.wait(0.03):
            number += 1
            id = f"d{self._chosen.randrange(DOCUMENTS + 50)}"
            title = None if self._chosen.random() < 0.2 else f"heron number {number}"
            while not self._sent(id, title):
                self.refused += 1
                if self._stopped.wait(0.05):
                    return

    def _sent(self, id: str, title: str | None) -> bool:
        path = f"/{self._alias}/_doc/{id}"
        answer = self._client.delete(path) if title is None else self._client.put(path, json={"title": title})
        if answer.status_code == BLOCKED:
            return False
        if title is None:
            self.truth.pop(id, None)
        else:
            answer.raise_for_status()
            self.truth[id] = title
        return True


@pytest.fixture
def client(opensearch: Engine) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=opensearch.url, timeout=60) as client:
        yield client
        client.delete("/moving-1")
        for name in client.get("/_alias/moving").json():
            client.delete(f"/{name}")


def titles(client: httpx.Client, index: str) -> dict[str, str]:
    client.post(f"/{index}/_refresh")
    hits = client.get(f"/{index}/_search?size=1000").json()["hits"]["hits"]
    return {hit["_id"]: hit["_source"]["title"] for hit in hits}


def kill_at_random(outrider: Command, moment: random.Random, *arguments: str) -> None:
    """Start it again and again, and kill it in whatever it does; the longest lives long enough to be done."""
    for _ in range(KILLS):
        process = outrider.start("migrate", *arguments)
        try:
            process.wait(moment.uniform(0.5, 6.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()


def test_killed_again_and_again_an_alias_moves_and_moves_back_with_every_document(
    opensearch: Engine,
    client: httpx.Client,
    static_model: Callable[..., Path],
    outrider: Command,
    tmp_path: Path,
) -> None:
    old_model, new_model = str(static_model(1)), str(static_model(2))
    encoder = LocalEncoder(dense=old_model, sparse=None, rerank=None)
    cluster = connect(opensearch.url)
    spec = spec_for(cluster, "moving-1", ("title",), encoder.models, id_field="id")
    documents = [Document(n, {"id": f"d{n}", "title": f"train {n}"}) for n in range(DOCUMENTS)]
    index_documents(cluster, spec, encoder, documents)
    actions = {"actions": [{"add": {"index": "moving-1", "alias": "moving"}}]}
    client.post("/_aliases", json=actions).raise_for_status()
    moment = random.Random(7)
    asked = (opensearch.url, "moving", "--to-models", f"dense={new_model}", "--batch", "8")
    with Application(client, "moving", titles(client, "moving-1")) as application:
        kill_at_random(outrider, moment, *asked, "--rate", "60")
        outrider("migrate", *asked, "--json")
    (behind,) = client.get("/_alias/moving").json()
    assert behind != "moving-1"
    assert titles(client, behind) == application.truth
    moved = LocalEncoder(dense=new_model, sparse=None, rerank=None)
    new = require_spec(cluster, behind)
    report = backfill(cluster, new, moved, checkpoint=tmp_path / "rest.json")
    assert (report.seen, report.failed) == (len(application.truth), 0)
    found = verify(cluster, "moving-1", new, moved, samples=1000)
    assert (found.sampled, found.differing) == (len(application.truth), ())

    with Application(client, "moving", dict(application.truth)) as application:
        kill_at_random(outrider, moment, opensearch.url, "moving", "--rollback")
        while "moving-1" not in client.get("/_alias/moving").json():
            outrider("migrate", opensearch.url, "moving", "--rollback", check=False)
        outrider("migrate", opensearch.url, "moving", "--finish", "--json")
        time.sleep(0.5)
    assert application.truth
    assert titles(client, "moving-1") == application.truth
    old = require_spec(cluster, "moving-1")
    backfill(cluster, old, encoder, checkpoint=tmp_path / "rest.json")
    assert verify(cluster, "moving-1", old, encoder, samples=1000).is_right
