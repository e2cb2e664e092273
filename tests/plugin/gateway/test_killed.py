"""Sidecar, gateway and engine killed at random moments, while a client writes through the gateway and tries again.

Three kills, one of each; OUTRIDER_KILLS=50 for many, OUTRIDER_SEED for the same ones again.
"""

import base64
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from outrider.connectors import (
    DenseField,
    Document,
    IndexSpec,
    OpenSearchCluster,
    SparseField,
    ensure_index,
    index_documents,
)
from outrider.plugin.client import SidecarClient
from outrider.plugin.launcher import Engine
from outrider.plugin.launcher.errors import NodeDied

pytestmark = pytest.mark.engine

KILLS = int(os.environ.get("OUTRIDER_KILLS", "3"))
SEED = int(os.environ.get("OUTRIDER_SEED", "7"))
NOUNS = ("cat", "dog", "car", "river", "bread", "train", "tax", "heron")
MODELS = ("all-MiniLM-L6-v2", "splade-tiny")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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

    port: int
    data: Path
    engine: Engine | None = None

    def start(self) -> None:
        # On a machine that is busy with other things, a start may take longer than the launcher waits.
        for _ in range(3):
            with suppress(NodeDied):
                self.engine = Engine("plain", port=self.port, data=self.data).start()
                return
        raise AssertionError("the engine did not start again")

    def kill(self) -> None:
        if self.engine is not None and self.engine.pid is not None:
            os.kill(self.engine.pid, 9)
            self.engine.stop()


@dataclass
class Writer:
    """Writes each of its documents several times, and each write until it is confirmed; knows what must be there."""

    url: str
    index: str
    name: str
    chance: random.Random
    expected: dict[str, dict[str, Any]] = field(default_factory=dict)
    tries: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            self.bulk([f"{self.name}-{number}-{place}" for place in range(6)])

    def bulk(self, ids: list[str]) -> None:
        """Documents in one bulk; then some are changed in part, one is replaced by itself, one is deleted."""
        pairs = [(id, {"title": self.words(), "body": self.words(), "n": 1}) for id in ids]
        self.confirm([[{"index": {"_id": id}}, body] for id, body in pairs])
        self.expected |= dict(pairs)
        title, body = self.words(), self.words()
        self.confirm([[{"update": {"_id": ids[0]}}, {"doc": {"title": title}}]])
        self.expected[ids[0]] = {**self.expected[ids[0]], "title": title}
        script = {"source": "ctx._source.body = params.b", "params": {"b": body}}
        self.confirm(
            [[{"update": {"_id": ids[1]}}, {"script": script}], [{"update": {"_id": ids[2]}}, {"doc": {"n": 2}}]]
        )
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


@pytest.fixture
def node() -> Iterator[Node]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        node = Node(free_port(), Path(folder) / "data")
        node.start()
        yield node
        node.kill()


def test_no_document_is_lost_none_is_there_twice_and_all_vectors_are_right(node: Node, tmp_path: Path) -> None:
    sidecar_port, gateway_port = free_port(), free_port()
    cluster_url, gateway_url = f"http://127.0.0.1:{node.port}", f"http://127.0.0.1:{gateway_port}"
    sidecar_url = f"http://127.0.0.1:{sidecar_port}"
    options = [option for model in MODELS for option in ("--model", model)]
    sidecar = Service(["serve", "--port", str(sidecar_port), *options])
    listen = ["--listen", f"127.0.0.1:{gateway_port}", "--write-patience", "0.5"]
    gateway = Service(["gateway", cluster_url, "--sidecar", sidecar_url, *listen])
    victims: list[Service | Node] = [sidecar, gateway, node]
    try:
        sidecar.start()
        await_true(lambda: httpx.get(f"{sidecar_url}/ready").status_code == 200, "the sidecar is ready")
        with SidecarClient(sidecar_url) as encoder:
            models = encoder.models
        cluster = OpenSearchCluster(cluster_url)
        assert models.dimension is not None
        spec = IndexSpec("killed", ("title", "body"), models, DenseField(models.dimension), SparseField())
        ensure_index(cluster, spec)
        gateway.start()
        await_true(lambda: httpx.get(gateway_url).status_code == 200, "the gateway answers")
        writers = written_meanwhile(gateway_url, spec.index, lambda: kill_at_random(victims))
        expected = {id: body for writer in writers for id, body in writer.expected.items()}
        print(f"{KILLS} kills, {len(expected)} documents, {sum(writer.tries for writer in writers)} requests")
        assert len(expected) > 20
        await_true(lambda: count(cluster, "NOT outrider.state:encoded") == 0, "all documents have their vectors")
        assert count(cluster, "*:*") == len(expected)
        assert_right(cluster, spec, sidecar_url, expected)
    finally:
        sidecar.kill()
        gateway.kill()


def written_meanwhile(url: str, index: str, work: Callable[[], None]) -> list[Writer]:
    writers = [Writer(url, index, name, random.Random(f"{SEED}{name}")) for name in ("a", "b")]
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
        thread.join(120)
        assert not thread.is_alive(), "a writer waits for a confirmation that does not come"
    assert not errors
    return writers


def kill_at_random(victims: list[Service | Node]) -> None:
    chance = random.Random(SEED)
    order = [victims[n % len(victims)] for n in range(KILLS)]
    chance.shuffle(order)
    for victim in order:
        time.sleep(chance.uniform(0.5, 4))
        victim.kill()
        time.sleep(chance.uniform(0, 1))
        victim.start()
    time.sleep(2)


def assert_right(
    cluster: OpenSearchCluster, spec: IndexSpec, sidecar_url: str, expected: dict[str, dict[str, Any]]
) -> None:
    """The same documents indexed without a gateway, in an index of their own, are the same to the last vector."""
    documents = [Document(n, {"_id": id, **body}) for n, (id, body) in enumerate(expected.items(), start=1)]
    with SidecarClient(sidecar_url) as encoder:
        report = index_documents(cluster, replace(spec, index="unharmed"), encoder, documents)
    assert (report.written, report.failed) == (len(expected), 0), report.first_failures
    found, wanted = everything(cluster, spec.index), everything(cluster, "unharmed")
    assert found.keys() == wanted.keys() == expected.keys()
    for id, source in found.items():
        # The last digits differ with the batch that a text was encoded in.
        dense = [np.frombuffer(base64.b64decode(each.pop("outrider_dense")), ">f4") for each in (source, wanted[id])]
        np.testing.assert_allclose(*dense, atol=1e-4)
        first, second = source.pop("outrider_sparse"), wanted[id].pop("outrider_sparse")
        assert all(abs(first.get(token, 0) - second.get(token, 0)) < 1e-2 for token in {*first, *second}), id
        assert source == wanted[id]


def everything(cluster: OpenSearchCluster, index: str) -> dict[str, dict[str, Any]]:
    cluster.write("POST", f"/{index}/_refresh")
    hits = cluster.read("POST", f"/{index}/_search", {"size": 10_000})["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def count(cluster: OpenSearchCluster, query: str) -> int:
    cluster.write("POST", "/killed/_refresh")
    body = {"query": {"query_string": {"query": query}}}
    return int(cluster.read("POST", "/killed/_count", body)["count"])


def await_true(is_so: Callable[[], bool], what: str) -> None:
    end_s = time.monotonic() + 120
    while True:
        try:
            if is_so():
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < end_s, f"it is not so after 120 s that {what}"
        time.sleep(0.2)
