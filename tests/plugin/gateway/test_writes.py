"""Writes through the gateway: documents of an index with a spec get the vectors of their texts, whatever the way in."""

import base64
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest

from outrider.connectors import (
    Enriched,
    IndexSpec,
    OpenSearchCluster,
    Prepared,
    WhenEncoderDown,
    enrich,
    store_spec,
)
from outrider.plugin.client import SidecarClient

from .conftest import await_known

pytestmark = pytest.mark.engine

LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture
def away(opensearch: Any, spec: IndexSpec, start_gateway: Any) -> Iterator[Callable[..., Any]]:
    """Starts gateways whose sidecar is not there."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    return lambda *options: start_gateway(opensearch.url, "--sidecar", url, "--write-patience", "0.3", *options)


def lines(*objects: Any) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


def stored(cluster: OpenSearchCluster, spec: IndexSpec, id: str) -> dict[str, Any]:
    found = cluster.read("GET", f"/{spec.index}/_doc/{id}")
    assert found["found"]
    source: dict[str, Any] = found["_source"]
    return source


def has_vectors_of(
    cluster: OpenSearchCluster, spec: IndexSpec, encoder: SidecarClient, source: Mapping[str, Any], text: str
) -> bool:
    """Whether a document holds what the text is encoded as, and says so."""
    prepared = Prepared(0, "", {"title": text}, text, len(text))
    (made,) = enrich(cluster.dialect, spec, encoder, [prepared])
    assert isinstance(made, Enriched)
    wanted = made.source
    assert source["outrider"] == wanted["outrider"]
    vectors = [np.frombuffer(base64.b64decode(each["outrider_dense"]), ">f4") for each in (source, wanted)]
    np.testing.assert_allclose(*vectors, atol=1e-5)
    assert source["outrider_sparse"].keys() == wanted["outrider_sparse"].keys()
    return True


def test_every_action_of_a_bulk(cluster: OpenSearchCluster, spec: IndexSpec, http: httpx.Client, encoder: Any) -> None:
    body = lines(
        {"index": {"_index": spec.index, "_id": "1"}},
        {"title": "a cat", "body": "on a mat", "price": 1.50},
        {"create": {"_index": spec.index, "_id": "2"}},
        {"title": "a dog"},
        {"create": {"_index": spec.index, "_id": "1"}},
        {"title": "there is one already"},
        {"update": {"_index": spec.index, "_id": "1"}},
        {"doc": {"body": "in a hat"}},
        {"update": {"_index": spec.index, "_id": "3"}},
        {"doc": {"title": "a new one"}, "doc_as_upsert": True},
        {"update": {"_index": spec.index, "_id": "4"}},
        {"script": {"source": "ctx._source.title += ' and more'"}, "upsert": {"title": "from a script"}},
        {"update": {"_index": spec.index, "_id": "none"}},
        {"doc": {"title": "no such document"}},
        {"index": {"_index": spec.index, "_id": "5"}},
        {"title": "short-lived"},
        {"delete": {"_index": spec.index, "_id": "5"}},
        {"index": {"_index": f"{spec.index}-plain", "_id": "1"}},
        {"title": "not ours"},
    )
    answer = http.post("/_bulk?refresh=true", content=body, headers=LINES)
    told = answer.json()
    assert [(op, item["_id"], item["status"]) for each in told["items"] for op, item in each.items()] == [
        ("index", "1", 201),
        ("create", "2", 201),
        ("create", "1", 409),
        ("update", "1", 200),
        ("update", "3", 201),
        ("update", "4", 201),
        ("update", "none", 404),
        ("index", "5", 201),
        ("delete", "5", 200),
        ("index", "1", 201),
    ]
    assert told["errors"] is True
    texts = {"1": "a cat in a hat", "2": "a dog", "3": "a new one", "4": "from a script"}
    for id, text in texts.items():
        assert has_vectors_of(cluster, spec, encoder, stored(cluster, spec, id), text)
    assert stored(cluster, spec, "1")["price"] == 1.5
    plain = cluster.read("GET", f"/{spec.index}-plain/_doc/1")["_source"]
    assert plain == {"title": "not ours"}
    cluster.write("DELETE", f"/{spec.index}-plain")
    seen = cluster.read("GET", f"/{spec.index}/_doc/1")
    item = told["items"][3]["update"]
    assert (item["_version"], item["_seq_no"]) == (seen["_version"], seen["_seq_no"])


def test_one_document_at_a_time(cluster: OpenSearchCluster, spec: IndexSpec, http: httpx.Client, encoder: Any) -> None:
    path = f"/{spec.index}/_doc/a%2Fb"
    first = http.put(path, json={"title": "a cat", "n": 1})
    assert first.status_code == 201
    assert first.headers["x-outrider"] == "encoded=1; pending=0; failed=0; refused=0"
    assert http.put(f"/{spec.index}/_create/a%2Fb", json={"title": "again"}).status_code == 409
    made = http.post(f"/{spec.index}/_doc", json={"title": "without an id"}).json()
    assert has_vectors_of(cluster, spec, encoder, stored(cluster, spec, made["_id"]), "without an id")
    vectors = stored(cluster, spec, "a%2Fb")
    # Nothing of the text changes: the vectors stay, and nothing is encoded.
    kept = http.post(f"/{spec.index}/_update/a%2Fb", json={"doc": {"n": 2}})
    assert "x-outrider" not in kept.headers
    assert stored(cluster, spec, "a%2Fb") == {**vectors, "n": 2}
    for body, text in (
        ({"doc": {"body": "on a mat"}}, "a cat on a mat"),
        ({"script": {"source": "ctx._source.title = params.t", "params": {"t": "a dog"}}}, "a dog on a mat"),
        ({"script": "ctx._source.n = 7"}, "a dog on a mat"),
    ):
        answer = http.post(f"/{spec.index}/_update/a%2Fb", json=body).json()
        found = cluster.read("GET", path)
        assert (answer["_version"], answer["result"]) == (found["_version"], "updated")
        assert has_vectors_of(cluster, spec, encoder, found["_source"], text)
    assert http.post(f"/{spec.index}/_update/none", json={"doc": {"title": "x"}}).status_code == 404
    assert http.post(f"/{spec.index}/_update/none", json={"no": "update"}).status_code == 400


def test_documents_stay_as_they_came_to_the_byte(
    http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec
) -> None:
    source = b'{"title": "caf\\u00e9", "big": 9007199254740993, "f": 1.10, "in": {"a": [1, null], "b": {}} }'
    headers = {"content-type": "application/json"}
    http.put(f"/{spec.index}/_doc/1", content=source, headers=headers).raise_for_status()
    found = httpx.get(f"{cluster.url}/{spec.index}/_source/1").content
    assert found.startswith(source.removesuffix(b" }") + b',"outrider":')


def test_a_document_that_was_read_and_comes_back(
    http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec, encoder: Any
) -> None:
    http.put(f"/{spec.index}/_doc/1", json={"title": "a cat"})
    read = http.get(f"/{spec.index}/_source/1").json()
    http.put(f"/{spec.index}/_doc/1", json={**read, "title": "a dog"})
    assert has_vectors_of(cluster, spec, encoder, stored(cluster, spec, "1"), "a dog")


def test_one_bad_document_does_not_sink_its_neighbours(
    http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec, encoder: Any
) -> None:
    body = lines({"index": {"_id": "1"}}, {"title": "good"})
    body += '{"index":{"_id":"2"}}\n{"title": broken\n'
    body += lines({"index": {"_id": "3"}}, {"title": ["a", "list"]}, {"index": {"_id": "4"}}, {"title": None})
    body += '{"index":{"_id":"5"}}\n{"title":"half \\ud800 of a pair"}\n'
    answer = http.post(f"/{spec.index}/_bulk", content=body, headers=LINES)
    assert [item["index"]["status"] for item in answer.json()["items"]] == [201, 400, 201, 201, 201]
    assert answer.headers["x-outrider"] == "encoded=2; pending=0; failed=2; refused=0"
    assert has_vectors_of(cluster, spec, encoder, stored(cluster, spec, "1"), "good")
    assert stored(cluster, spec, "3")["outrider"]["state"] == "failed"
    assert "list" in stored(cluster, spec, "3")["outrider"]["error"]
    assert stored(cluster, spec, "4")["outrider"] == {"state": "blank"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b'{"index":{}}\n{"title":"no line end"}',
        b'{"index":{"_id":"1"}}\n{"title":"x"}\n{"nonsense":{}}\n{}\n',
        b'{"index":{"_id":"1"}}\n{"title":"x"}\nnonsense\n',
        b'{"index":[]}\n{}\n',
        b'{"index":{"_id":"1"}}\n',
        b'{"index":{"_id":"1","unknown":2}}\n{"title":"x"}\n',
    ],
)
def test_a_bulk_that_is_none_is_refused_as_the_cluster_does(
    http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec, body: bytes
) -> None:
    through, direct = (
        httpx.post(f"{url}/{spec.index}/_bulk", content=body, headers=LINES) for url in (http.base_url, cluster.url)
    )
    assert (through.status_code, through.content) == (direct.status_code, direct.content)
    assert cluster.read("GET", f"/{spec.index}/_count")["count"] == 0


def test_the_answer_takes_the_form_that_is_asked_for(http: httpx.Client, spec: IndexSpec) -> None:
    body = lines({"index": {"_id": "1"}}, {"title": "a cat"}, {"create": {"_id": "1"}}, {"title": "a cat"})
    path = f"/{spec.index}/_bulk?filter_path=errors,items.*.error.type,items.*.status"
    told = http.post(path, content=body, headers=LINES).json()
    error = {"type": "version_conflict_engine_exception"}
    assert told == {"errors": True, "items": [{"index": {"status": 201}}, {"create": {"status": 409, "error": error}}]}
    assert http.post(f"/{spec.index}/_bulk?pretty", content=body, headers=LINES).text.startswith('{\n  "took" : ')


def test_compressed_aliased_and_routed(
    http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec, encoder: Any
) -> None:
    alias = f"{spec.index}-alias"
    http.put(f"/{spec.index}/_alias/{alias}", json={"routing": "here"}).raise_for_status()
    await_known(http, alias)
    squeezed = gzip.compress(lines({"index": {"_id": "1"}}, {"title": "a cat"}).encode())
    answer = http.post(f"/{alias}/_bulk", content=squeezed, headers={**LINES, "content-encoding": "gzip"})
    assert answer.json()["errors"] is False
    found = cluster.read("GET", f"/{spec.index}/_doc/1?routing=here")
    assert has_vectors_of(cluster, spec, encoder, found["_source"], "a cat")
    update = lines({"update": {"_id": "1", "routing": "here"}}, {"doc": {"title": "a dog"}})
    assert http.post(f"/{alias}/_bulk", content=update, headers=LINES).json()["errors"] is False
    found = cluster.read("GET", f"/{spec.index}/_doc/1?routing=here")
    assert has_vectors_of(cluster, spec, encoder, found["_source"], "a dog")


def test_a_large_bulk_in_order_and_in_groups(http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec) -> None:
    count = 1000
    pairs = ([{"index": {"_id": str(n % 900)}}, {"title": f"number {n}", "n": n}] for n in range(count))
    body = lines(*(each for pair in pairs for each in pair))
    told = http.post(f"/{spec.index}/_bulk?refresh=true", content=body, headers=LINES).json()
    assert [item["index"]["_id"] for item in told["items"]] == [str(n % 900) for n in range(count)]
    assert told["errors"] is False
    assert cluster.read("GET", f"/{spec.index}/_count?q=outrider.state:encoded")["count"] == 900
    assert stored(cluster, spec, "99")["n"] == 999


def test_pending_documents_are_completed_once_the_encoder_is_there(
    away: Callable[..., Any], http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec, encoder: Any
) -> None:
    with away() as gateway:
        body = lines({"index": {"_id": "1"}}, {"title": "a cat"}, {"update": {"_id": "2"}}, {"doc": {"title": "none"}})
        answer = httpx.post(f"{gateway.url}/{spec.index}/_bulk", content=body, headers=LINES)
        assert [next(iter(item.values()))["status"] for item in answer.json()["items"]] == [201, 404]
        assert answer.headers["x-outrider"] == "encoded=0; pending=1; failed=0; refused=0"
        assert "outrider_dense" not in stored(cluster, spec, "1")
    await_state(cluster, spec, "1", "encoded")
    assert has_vectors_of(cluster, spec, encoder, stored(cluster, spec, "1"), "a cat")


def test_refused_documents_are_sent_again_by_the_client(
    away: Callable[..., Any], cluster: OpenSearchCluster, spec: IndexSpec
) -> None:
    store_spec(cluster, replace(spec, when_encoder_down=WhenEncoderDown(writes="refuse")))
    with away() as gateway:
        body = lines(
            {"index": {"_id": "1"}},
            {"title": "a cat"},
            {"delete": {"_id": "none"}},
            {"update": {"_id": "1"}},
            {"doc": {"title": "a dog"}},
            {"update": {"_id": "1"}},
            {"doc": {"price": 1}},
        )
        told = httpx.post(f"{gateway.url}/{spec.index}/_bulk", content=body, headers=LINES).json()
        items = [next(iter(item.values())) for item in told["items"]]
        assert [item["status"] for item in items] == [429, 404, 429, 404]
        assert items[0]["error"]["type"] == "outrider_encoder_unavailable_exception"
        answer = httpx.put(f"{gateway.url}/{spec.index}/_doc/1", json={"title": "a cat"})
        assert (answer.status_code, answer.json()["status"]) == (503, 503)
        cluster.write("POST", f"/{spec.index}/_refresh")
        assert cluster.read("GET", f"/{spec.index}/_count")["count"] == 0


def test_what_got_past_the_gateway_is_completed(
    http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec, encoder: Any
) -> None:
    cluster.write("PUT", f"/{spec.index}/_doc/1?refresh=true", {"title": "written past it"})
    await_state(cluster, spec, "1", "encoded")
    assert has_vectors_of(cluster, spec, encoder, stored(cluster, spec, "1"), "written past it")


def await_state(cluster: OpenSearchCluster, spec: IndexSpec, id: str, state: str) -> None:
    end_s = time.monotonic() + 30
    while stored(cluster, spec, id).get("outrider", {}).get("state") != state:
        assert time.monotonic() < end_s, f"not {state} after 30 s"
        time.sleep(0.1)


def test_updates_do_not_conflict_with_vectors_that_come_meanwhile(
    http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec, encoder: Any
) -> None:
    http.put(f"/{spec.index}/_doc/1", json={"title": "a cat", "n": 0}).raise_for_status()
    gone = threading.Event()

    def disturb() -> None:
        """Marks the document again and again, so that somebody always writes vectors to it."""
        while not gone.is_set():
            body = {"doc": {"outrider": {"state": "pending"}}}
            cluster.write("POST", f"/{spec.index}/_update/1?refresh=true&retry_on_conflict=20", body)

    disturbing = threading.Thread(target=disturb)
    disturbing.start()
    try:
        for n in range(40):
            line = lines({"update": {"_id": "1"}}, {"doc": {"n": n}})
            one = http.post(f"/{spec.index}/_update/1", json={"script": f"ctx._source.n = {n}"})
            many = http.post(f"/{spec.index}/_bulk", content=line, headers=LINES).json()
            assert (one.status_code, many["errors"]) == (200, False), (one.text, many)
    finally:
        gone.set()
        disturbing.join()
    await_state(cluster, spec, "1", "encoded")
    assert has_vectors_of(cluster, spec, encoder, stored(cluster, spec, "1"), "a cat")
    seen = {"if_seq_no": 0, "if_primary_term": 1}
    assert http.post(f"/{spec.index}/_update/1", json={"doc": {"n": 1}}, params=seen).status_code == 409
