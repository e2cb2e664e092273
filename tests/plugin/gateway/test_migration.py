"""An application writes through the gateway all the while its alias moves to another model, and is refused nothing.

The gateway reads the specs so seldom that it does not know of the move: each write has to find out by itself.
"""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from outrider.connectors import (
    Cluster,
    Document,
    IndexSpec,
    connect,
    index_documents,
    migrate,
    require_spec,
    roll_back,
    spec_for,
    spec_for_models,
    verify,
)
from outrider.plugin.client import SidecarClient

from .conftest import await_known

pytestmark = pytest.mark.engine

COUNT = 60
SELDOM = """
import sys
from outrider.plugin.gateway.server import serve_gateway
from outrider.plugin.gateway.settings import GatewaySettings
settings = GatewaySettings(sys.argv[1], sys.argv[2], port=0, spec_interval_s=3600, complete_interval_s=0.2)
serve_gateway(settings, on_started=lambda at: print(at, flush=True))
"""


@dataclass
class Application:
    """Writes all the time in every way there is, and knows what must be there."""

    http: httpx.Client
    alias: str
    truth: dict[str, str]
    refused: list[str] = field(default_factory=list)
    written: int = 0
    _chosen: random.Random = field(default_factory=lambda: random.Random(11))
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Application":
        self._thread = threading.Thread(target=self._write)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def goes_on(self, documents: int) -> None:
        """Returns when so many more documents were written."""
        wanted = self.written + documents
        while self.written < wanted and self._thread.is_alive():
            time.sleep(0.01)

    def _write(self) -> None:
        ways: tuple[Callable[[str, str], httpx.Response], ...] = (self._one, self._several, self._update, self._delete)
        while not self._stopped.is_set():
            self.written += 1
            id, title = f"d{self._chosen.randrange(COUNT + 20)}", f"heron number {self.written}"
            answer = self._chosen.choice(ways)(id, title)
            if answer.status_code >= 300 or answer.json().get("errors"):
                self.refused.append(answer.text)

    def _one(self, id: str, title: str) -> httpx.Response:
        self.truth[id] = title
        return self.http.put(f"/{self.alias}/_doc/{id}", json={"title": title})

    def _several(self, id: str, title: str) -> httpx.Response:
        made = f"made{uuid4().hex}"
        self.truth |= {id: title, made: title}
        return self._bulk({"index": {"_id": id}}, {"title": title}, {"create": {"_id": made}}, {"title": title})

    def _update(self, id: str, title: str) -> httpx.Response:
        self.truth[id] = title
        update = {"doc": {"title": title}, "doc_as_upsert": True}
        if self.written % 2:
            return self.http.post(f"/{self.alias}/_update/{id}", json=update)
        return self._bulk({"update": {"_id": id}}, update)

    def _delete(self, id: str, _: str) -> httpx.Response:
        self.truth.pop(id, None)
        return self._bulk({"delete": {"_id": id}})

    def _bulk(self, *lines: dict[str, Any]) -> httpx.Response:
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        headers = {"content-type": "application/x-ndjson"}
        return self.http.post(f"/{self.alias}/_bulk", content=body, headers=headers)


@dataclass
class Shop:
    """An alias before an index that the old model encodes, and the gateway before it."""

    cluster: Cluster
    alias: str
    old: IndexSpec
    sidecar: str
    http: httpx.Client
    open: ExitStack

    def encoder(self, model: str) -> SidecarClient:
        return self.open.enter_context(SidecarClient(self.sidecar, only={"dense": model}))

    def await_right(self, truth: dict[str, str]) -> IndexSpec:
        """Returns once every document is there, with vectors of the model of the index behind the alias."""
        spec = require_spec(self.cluster, self.alias)
        for _ in range(300):
            found = self._stored()
            strangers = {id for id, source in found.items() if _models(source) != spec.fingerprints()}
            if not strangers:
                break
            time.sleep(0.1)
        assert {id: source["title"] for id, source in found.items()} == truth
        assert strangers == set()
        return spec

    def _stored(self) -> dict[str, Any]:
        self.cluster.write("POST", f"/{self.alias}/_refresh")
        hits = self.cluster.read("POST", f"/{self.alias}/_search", {"size": 10_000})["hits"]["hits"]
        return {hit["_id"]: hit["_source"] for hit in hits}


def _models(source: dict[str, Any]) -> Any:
    marker = source.get("outrider", {})
    return marker.get("models") if marker.get("state") == "encoded" else None


@pytest.fixture(scope="module")
def sidecar_url(start_sidecar: Any, static_model: Callable[..., Path]) -> Iterator[str]:
    """Old, and two new ones: vectors of the same length, and of another."""
    sizes = {"old": (1, 64), "like": (2, 64), "shorter": (3, 32)}
    models = [{"source": str(static_model(*made)), "name": name} for name, made in sizes.items()]
    with start_sidecar(OUTRIDER_MODELS=json.dumps(models)) as running:
        yield running.url


@pytest.fixture(params=["opensearch", "elasticsearch"])
def shop(request: pytest.FixtureRequest, sidecar_url: str) -> Iterator[Shop]:
    url = request.getfixturevalue(request.param).url
    with closing(connect(url)) as cluster, ExitStack() as open:
        alias = f"shop-{uuid4().hex[:8]}"
        encoder = open.enter_context(SidecarClient(sidecar_url, only={"dense": "old"}))
        spec = spec_for(cluster, f"{alias}-first", ("title",), encoder.models)
        documents = [Document(n, {"_id": f"d{n}", "title": f"cat number {n}"}) for n in range(COUNT)]
        index_documents(cluster, spec, encoder, documents)
        cluster.write("POST", "/_aliases", {"actions": [{"add": {"index": spec.index, "alias": alias}}]})
        command = [sys.executable, "-c", SELDOM, url, sidecar_url]
        process = open.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        open.callback(process.terminate)
        assert process.stdout is not None
        http = open.enter_context(httpx.Client(base_url=process.stdout.readline().strip(), timeout=60))
        await_known(http, alias)
        yield Shop(cluster, alias, spec, sidecar_url, http, open)
        cluster.write("DELETE", "/" + ",".join(cluster.read("GET", f"/{alias}-*/_alias")))


@pytest.mark.parametrize("model", ["like", "shorter"])
def test_no_write_is_refused_or_keeps_a_vector_of_the_other_model(shop: Shop, model: str, tmp_path: Path) -> None:
    truth = {f"d{n}": f"cat number {n}" for n in range(COUNT)}
    new = shop.encoder(model)
    wanted = spec_for_models(shop.cluster, shop.old, new.models)
    with Application(shop.http, shop.alias, truth) as application:
        application.goes_on(20)
        done = migrate(shop.cluster, shop.alias, wanted, new, checkpoint=tmp_path / "c.json")
        application.goes_on(40)
    assert application.refused == []
    spec = shop.await_right(truth)
    assert spec.fingerprints() == wanted.fingerprints()
    assert verify(shop.cluster, done.new, spec, new, samples=10_000).differing == ()
    with Application(shop.http, shop.alias, truth) as application:
        roll_back(shop.cluster, shop.alias, lambda _: shop.encoder("old"))
        application.goes_on(40)
    assert application.refused == []
    assert shop.await_right(truth).fingerprints() == shop.old.fingerprints()


def test_a_search_is_encoded_by_the_model_of_the_index_behind_the_alias(shop: Shop, tmp_path: Path) -> None:
    asked = {"query": {"match": {"title": "cat number 7"}}, "size": 3}
    new = shop.encoder("like")
    assert shop.http.post(f"/{shop.alias}/_search", json=asked).headers["x-outrider"].startswith("hybrid")
    wanted = spec_for_models(shop.cluster, shop.old, new.models)
    migrate(shop.cluster, shop.alias, wanted, new, checkpoint=tmp_path / "c.json")
    answer = shop.http.post(f"/{shop.alias}/_search", json=asked)
    assert answer.headers["x-outrider"].startswith("hybrid")
    assert answer.json()["hits"]["hits"][0]["_id"] == "d7"
    assert answer.json()["hits"]["hits"][0]["_index"] != shop.old.index
