"""Sidecar, gateway and engine killed at random moments, while a client writes through the gateway and tries again.

One kill of each, before either engine; OUTRIDER_KILLS=50 for fifty of each, OUTRIDER_SEED for the same ones again.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from outrider.connectors import Cluster, IndexSpec, connect, ensure_index, spec_for, verify
from outrider.connectors.backfill.compare import pages
from outrider.plugin.client import SidecarClient
from outrider.plugin.launcher import Engine
from outrider.plugin.launcher.errors import NodeDied

pytestmark = pytest.mark.engine

KILLS = int(os.environ.get("OUTRIDER_KILLS", "1"))
SEED = int(os.environ.get("OUTRIDER_SEED", "7"))
NOUNS = ("cat", "dog", "car", "river", "bread", "train", "tax", "heron")
FLAVORS = {"OpenSearch": "plain", "Elasticsearch": "elasticsearch"}
# A few at a time, and more than the gateway sends on in one go.
BULKS = {"a": 6, "b": 300}
ROUNDS = 4  # then the same documents again


@dataclass
class Service:
    """A command that can be killed and started again."""

    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "outrider.plugin.cli", *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass
class Node:
    """An engine that keeps its data when it is killed."""

    flavor: str
    port: int
    data: Path
    engine: Engine | None = None

    def start(self) -> None:
        # On a machine that is busy with other things, a start may take longer than the launcher waits.
        for _ in range(3):
            with suppress(NodeDied):
                self.engine = Engine(self.flavor, port=self.port, data=self.data).start()
                return
        raise AssertionError("the engine did not start again")

    def kill(self) -> None:
        if self.engine is not None and self.engine.pid is not None:
            os.kill(self.engine.pid, 9)
            self.engine.stop()


@dataclass
class Writer:
    """Writes each of its documents several times, and each write until it is confirmed; knows what must be there.

    `has_scripts` says whether the engine can run one.
    """

    url: str
    index: str
    name: str
    size: int
    has_scripts: bool
    chance: random.Random
    expected: dict[str, dict[str, Any]] = field(default_factory=dict)
    tries: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            self.bulk([f"{self.name}-{number % ROUNDS}-{place}" for place in range(self.size)])

    def bulk(self, ids: list[str]) -> None:
        """Documents in one bulk; then some are changed in part, one is replaced by itself, one is deleted."""
        pairs = [(id, {"title": self.words(), "body": self.words(), "n": 1}) for id in ids]
        self.confirm([[{"index": {"_id": id}}, body] for id, body in pairs])
        self.expected |= dict(pairs)
        title, body = self.words(), self.words()
        self.confirm([[{"update": {"_id": ids[0]}}, {"doc": {"title": title}}]])
        self.expected[ids[0]] = {**self.expected[ids[0]], "title": title}
        script = {"script": {"source": "ctx._source.body = params.b", "params": {"b": body}}}
        change = script if self.has_scripts else {"doc": {"body": body}}
        self.confirm([[{"update": {"_id": ids[1]}}, change], [{"update": {"_id": ids[2]}}, {"doc": {"n": 2}}]])
        self.expected[ids[1]] = {**self.expected[ids[1]], "body": body}
        self.expected[ids[2]] = {**self.expected[ids[2]], "n": 2}
        self.single(ids[3], {"title": self.words(), "body": None, "n": 3})
        self.confirm([[{"delete": {"_id": ids[4]}}]])
        del self.expected[ids[4]]

    def confirm(self, actions: list[list[Any]]) -> None:
        """Sends what is not confirmed again, until all of it is."""
        while actions:
            body = "".join(json.dumps(line) + "\n" for action in actions for line in action)
            answer = self.post("POST", f"/{self.index}/_bulk", body, "application/x-ndjson")
            if answer is not None:
                statuses = [next(iter(item.values()))["status"] for item in answer["items"]]
                # A delete that was done before the answer got lost is not found again.
                done = [s < 300 or (s == 404 and "delete" in a[0]) for s, a in zip(statuses, actions, strict=True)]
                actions = [action for action, is_done in zip(actions, done, strict=True) if not is_done]

    def single(self, id: str, body: dict[str, Any]) -> None:
        while self.post("PUT", f"/{self.index}/_doc/{id}", json.dumps(body), "application/json") is None:
            pass
        self.expected[id] = body

    def post(self, method: str, path: str, body: str, kind: str) -> Any:
        self.tries += 1
        try:
            answer = httpx.request(method, self.url + path, content=body, headers={"content-type": kind}, timeout=30)
        except httpx.TransportError:
            time.sleep(0.2)
            return None
        if answer.is_success:
            return answer.json()
        assert answer.status_code in (404, 429, 500, 502, 503, 504), answer.text
        time.sleep(0.2)
        return None

    def words(self) -> str:
        return " ".join(self.chance.choices(NOUNS, k=4)) + f" {self.chance.randrange(1000)}"


@pytest.fixture(params=FLAVORS.values(), ids=FLAVORS)
def node(request: pytest.FixtureRequest, free_port: Callable[[], int]) -> Iterator[Node]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        node = Node(request.param, free_port(), Path(folder) / "data")
        node.start()
        yield node
        node.kill()


def test_no_document_is_lost_none_is_there_twice_and_all_vectors_are_right(
    node: Node, static_model: Callable[..., Path], free_port: Callable[[], int], capsys: Any
) -> None:
    sidecar_port, gateway_port = free_port(), free_port()
    cluster_url, gateway_url = f"http://127.0.0.1:{node.port}", f"http://127.0.0.1:{gateway_port}"
    sidecar_url = f"http://127.0.0.1:{sidecar_port}"
    sidecar = Service(["serve", "--port", str(sidecar_port), "--model", str(static_model(1))])
    listen = ["--listen", f"127.0.0.1:{gateway_port}", "--write-patience", "0.5"]
    gateway = Service(["gateway", cluster_url, "--sidecar", sidecar_url, *listen])
    try:
        sidecar.start()
        await_true(lambda: httpx.get(f"{sidecar_url}/ready").status_code == 200, "the sidecar is ready")
        cluster = connect(cluster_url)
        with SidecarClient(sidecar_url) as encoder:
            spec = ensure_index(cluster, spec_for(cluster, "killed", ("title", "body"), encoder.models))
        gateway.start()
        await_true(lambda: httpx.get(f"{gateway_url}/_cluster/health").status_code == 200, "the gateway answers")
        has_scripts = cluster.dialect.name == "OpenSearch"
        writers = [
            Writer(gateway_url, spec.index, name, size, has_scripts, random.Random(f"{SEED}{name}"))
            for name, size in BULKS.items()
        ]
        write_meanwhile(writers, lambda: kill_at_random([sidecar, gateway, node]))
        expected = {id: body for writer in writers for id, body in writer.expected.items()}
        await_true(lambda: count(cluster, "NOT outrider.state:encoded") == 0, "all documents have their vectors")
        assert count(cluster, "*:*") == len(expected) > 20
        assert theirs(cluster, spec) == expected
        with SidecarClient(sidecar_url) as encoder:
            found = verify(cluster, spec.index, spec, encoder, samples=10_000)
        assert (found.is_right, found.sampled) == (True, len(expected)), found
        requests = sum(writer.tries for writer in writers)
        with capsys.disabled():
            kills = f"{KILLS} kills each of sidecar, gateway and {cluster.dialect.name}"
            print(f"\n{kills}: {len(expected)} documents, {requests} requests, none lost, all vectors right")
    finally:
        sidecar.kill()
        gateway.kill()


def write_meanwhile(writers: Sequence[Writer], work: Callable[[], None]) -> None:
    errors: list[BaseException] = []

    def run(writer: Writer) -> None:
        try:
            writer.run()
        except BaseException as err:
            errors.append(err)
            raise

    threads = [threading.Thread(target=run, args=(writer,), daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    work()
    for writer in writers:
        writer.stop.set()
    for thread in threads:
        thread.join(300)
        assert not thread.is_alive(), "a writer waits for a confirmation that does not come"
    assert not errors


def kill_at_random(victims: Sequence[Service | Node]) -> None:
    chance = random.Random(SEED)
    order = [victim for victim in victims for _ in range(KILLS)]
    chance.shuffle(order)
    for victim in order:
        time.sleep(chance.uniform(0.2, 2))
        victim.kill()
        time.sleep(chance.uniform(0, 0.5))
        victim.start()
    time.sleep(2)


def theirs(cluster: Cluster, spec: IndexSpec) -> dict[str, dict[str, Any]]:
    """All documents by id, without what is ours."""
    hidden = cluster.dialect.source_filter(spec.own_fields)
    found: dict[str, dict[str, Any]] = {}
    for places in pages(cluster, spec.index, {"match_all": {}}, 1000):
        ids = [place.id for place in places]
        query = {"query": {"ids": {"values": ids}}, "size": len(ids), "_source": hidden}
        hits = cluster.read("POST", f"/{spec.index}/_search", query)["hits"]["hits"]
        found |= {hit["_id"]: hit["_source"] for hit in hits}
    return found


def count(cluster: Cluster, query: str) -> int:
    cluster.write("POST", "/killed/_refresh")
    body = {"query": {"query_string": {"query": query}}}
    return int(cluster.read("POST", "/killed/_count", body)["count"])


def await_true(is_so: Callable[[], bool], what: str) -> None:
    end_s = time.monotonic() + 300
    while True:
        with suppress(httpx.TransportError):
            if is_so():
                return
        assert time.monotonic() < end_s, f"it is not so after 300 s that {what}"
        time.sleep(0.2)
