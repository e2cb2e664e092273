"""Searches through the gateway: words and meaning where that can be, the cluster's own answer where not."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from outrider.connectors import (
    Deadlines,
    DenseField,
    IndexSpec,
    OpenSearchCluster,
    Searcher,
    SparseField,
    WhenEncoderDown,
    ensure_index,
    store_spec,
)
from outrider.plugin.client import SidecarClient

from .conftest import AMPLE, await_known

pytestmark = pytest.mark.engine

TITLES = [
    "a cat sleeps on the sofa",
    "kittens chase a ball of wool",
    "a dog barks at the postman",
    "puppies learn to sit",
    "how to file an income tax return",
    "the car needs new brakes",
    "automobile engines and their repair",
    "a feline dozing in the sun",
    "train timetables for the holidays",
    "baking bread with rye flour",
]
WORDS = {"query": {"match": {"title": "cat"}}}


@pytest.fixture(scope="module")
def spec(cluster: OpenSearchCluster, encoder: SidecarClient, http: httpx.Client) -> Iterator[IndexSpec]:
    """Ten documents with their vectors, and thirty that say nothing of cats."""
    models = encoder.models
    assert models.dimension is not None
    name = "test-searches"
    cluster.write("DELETE", f"/{name}?ignore_unavailable=true")
    spec = IndexSpec(name, ("title", "body"), models, DenseField(models.dimension), SparseField(), deadlines=AMPLE)
    ensure_index(cluster, spec)
    await_known(http, name)
    titles = [*TITLES, *(f"unrelated note number {n}" for n in range(30))]
    lines = "".join(
        json.dumps({"index": {"_id": str(n)}}) + "\n" + json.dumps({"title": title, "n": n, "even": n % 2 == 0}) + "\n"
        for n, title in enumerate(titles)
    )
    headers = {"content-type": "application/x-ndjson"}
    assert not http.post(f"/{name}/_bulk?refresh=true", content=lines, headers=headers).json()["errors"]
    http.put(f"/{name}/_alias/test-searches-even", json={"filter": {"term": {"even": True}}}).raise_for_status()
    await_known(http, "test-searches-even")
    yield spec
    cluster.write("DELETE", f"/{name}")


def search(http: httpx.Client, body: Any = None, path: str = "test-searches", **parameters: Any) -> httpx.Response:
    answer = http.post(f"/{path}/_search", json=body, params=parameters)
    assert answer.is_success, answer.text
    return answer


def ids(answer: httpx.Response) -> list[str]:
    return [hit["_id"] for hit in answer.json()["hits"]["hits"]]


def test_a_search_for_words_finds_by_meaning_too(
    http: httpx.Client, spec: IndexSpec, cluster: OpenSearchCluster, encoder: SidecarClient
) -> None:
    answer = search(http, WORDS)
    assert answer.headers["x-outrider"].startswith("hybrid; legs=bm25,dense,sparse; reranked=10;")
    assert ids(answer)[0] == "0"
    assert {"1", "7"} < set(ids(answer)[:4])
    told = answer.json()
    assert told.keys() == {"took", "timed_out", "_shards", "hits"}
    assert told["hits"]["hits"][0]["_source"] == {"title": TITLES[0], "n": 0, "even": True}
    scores = [hit["_score"] for hit in told["hits"]["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert told["hits"]["max_score"] == scores[0]
    expected = Searcher(cluster, spec, encoder).search("cat", size=10)
    assert ids(answer) == [result.id for result in expected.results]


def test_pages_fit_together_and_end_where_the_total_says(http: httpx.Client, spec: IndexSpec) -> None:
    whole = search(http, {**WORDS, "size": 40})
    total = whole.json()["hits"]["total"]
    assert total == {"value": 40, "relation": "eq"}
    pages = [search(http, {**WORDS, "size": 7, "from": start}) for start in range(0, 49, 7)]
    assert [id for page in pages for id in ids(page)] == ids(whole)
    assert all(page.json()["hits"]["total"] == total for page in pages)
    assert ids(search(http, {**WORDS, "from": 40})) == []


@pytest.mark.parametrize(
    "query",
    [
        {"bool": {"must": {"match": {"title": "cat"}}, "filter": {"term": {"even": False}}}},
        {"bool": {"must": [{"match": {"title": {"query": "cat"}}}], "must_not": [{"term": {"even": True}}]}},
        {"bool": {"filter": [{"term": {"even": False}}], "should": {"bool": {"must": {"match": {"title": "cat"}}}}}},
    ],
)
def test_filters_hold_for_every_hit(http: httpx.Client, spec: IndexSpec, query: Any) -> None:
    answer = search(http, {"query": query, "size": 40})
    assert answer.headers["x-outrider"].startswith("hybrid")
    assert {"1", "7"} <= set(ids(answer)[:4])
    assert {hit["_source"]["even"] for hit in answer.json()["hits"]["hits"]} == {False}


def test_the_filter_of_an_alias_and_a_post_filter_hold_too(http: httpx.Client, spec: IndexSpec) -> None:
    aliased = search(http, {**WORDS, "size": 40}, "test-searches-even")
    assert aliased.headers["x-outrider"].startswith("hybrid")
    assert {hit["_source"]["even"] for hit in aliased.json()["hits"]["hits"]} == {True}
    body = {**WORDS, "size": 40, "post_filter": {"range": {"n": {"lt": 8}}}, "aggs": {"n": {"max": {"field": "n"}}}}
    after = search(http, body)
    assert after.headers["x-outrider"].startswith("hybrid")
    assert sorted(map(int, ids(after))) == list(range(8))
    assert after.json()["aggregations"] == {"n": {"value": 0.0}}


def test_aggregations_and_suggestions_are_those_of_the_words(
    http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec
) -> None:
    body = {
        **WORDS,
        "aggs": {"even": {"terms": {"field": "even"}}},
        "suggest": {"s": {"text": "catt", "term": {"field": "title"}}},
    }
    through, direct = search(http, body, typed_keys="true").json(), None
    direct = httpx.post(f"{cluster.url}/test-searches/_search?typed_keys=true", json=body).json()
    assert through["aggregations"] == direct["aggregations"]
    assert through["suggest"] == direct["suggest"]


def test_what_is_asked_of_each_hit_comes(http: httpx.Client, spec: IndexSpec) -> None:
    body = {
        **WORDS,
        "_source": ["title", "outrider.state"],
        "fields": ["n"],
        "docvalue_fields": ["even"],
        "highlight": {"fields": {"title": {}}},
        "version": True,
        "seq_no_primary_term": True,
    }
    first, second, *_ = search(http, body).json()["hits"]["hits"]
    assert first["highlight"] == {"title": ["a <em>cat</em> sleeps on the sofa"]}
    assert "highlight" not in second
    assert first["fields"] == {"n": [0], "even": [True]}
    assert first["_source"] == {"title": TITLES[0], "outrider": {"state": "encoded"}}
    assert first.keys() >= {"_version", "_seq_no", "_primary_term"}
    assert "_source" not in search(http, WORDS, _source="false").json()["hits"]["hits"][0]
    by_url = search(http, WORDS, _source_includes="n,t*", _source_excludes="title").json()
    assert by_url["hits"]["hits"][0]["_source"] == {"n": 0}


def test_the_form_that_is_asked_for(http: httpx.Client, spec: IndexSpec) -> None:
    assert search(http, WORDS, filter_path="hits.hits._id", size=1).json() == {"hits": {"hits": [{"_id": "0"}]}}
    assert search(http, WORDS, pretty="true").text.startswith('{\n  "took" : ')
    assert search(http, WORDS, rest_total_hits_as_int="true").json()["hits"]["total"] == 40
    assert "total" not in search(http, {**WORDS, "track_total_hits": False}).json()["hits"]
    by_url = http.get("/test-searches/_search", params={"q": "cat", "df": "title", "size": 3})
    assert by_url.headers["x-outrider"].startswith("hybrid")
    assert ids(by_url)[0] == "0"
    assert len(ids(by_url)) == 3


PASSED = [
    ({**WORDS, "sort": [{"n": "asc"}]}, "sort"),
    ({**WORDS, "min_score": 0.1}, "min_score"),
    ({**WORDS, "explain": True}, "explain"),
    ({**WORDS, "profile": True}, "profile"),
    ({**WORDS, "collapse": {"field": "n", "inner_hits": {"name": "all"}}}, "collapse with inner_hits"),
    ({**WORDS, "size": 0}, "size=0"),
    ({"query": {"match_all": {}}}, "query match_all"),
    ({"query": {"match_phrase": {"title": "a cat"}}}, "query match_phrase"),
    ({"query": {"match": {"n": "7"}}}, "no text field of the spec"),
    ({"query": {"query_string": {"query": "cat AND dog"}}}, "query_string with operators"),
    ({"query": {"bool": {"should": [WORDS["query"], {"match": {"title": "dog"}}]}}}, "several scoring clauses"),
    ({"query": {"match": {"title": "  "}}}, "no words"),
    ({}, "no query"),
]


@pytest.mark.parametrize(("body", "reason"), PASSED)
def test_all_else_goes_through_and_says_why(
    http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec, body: Any, reason: str
) -> None:
    through = search(http, body)
    assert through.headers["x-outrider"] == f"passed; reason={reason}"
    direct = httpx.post(f"{cluster.url}/test-searches/_search", json=body)
    for answer in (told := [through.json(), direct.json()]):
        del answer["took"]
        answer.pop("profile", None)
    assert told[0] == told[1]


def test_what_the_cluster_refuses_it_refuses_in_its_own_words(
    http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec
) -> None:
    for body in ({**WORDS, "aggs": {"x": {"none such": {}}}}, {**WORDS, "highlight": {"fields": 7}}, {"query": 3}):
        through = http.post("/test-searches/_search", json=body)
        direct = httpx.post(f"{cluster.url}/test-searches/_search", json=body)
        assert direct.status_code == 400
        assert (through.status_code, through.content) == (400, direct.content)


def test_a_request_may_say_what_it_wants(
    http: httpx.Client, spec: IndexSpec, opensearch: Any, sidecar: Any, start_gateway: Any
) -> None:
    assert ids(http.post("/test-searches/_search", json=WORDS, headers={"x-outrider": "pass"})) == ["0"]
    assert ids(search(http, WORDS, outrider="pass")) == ["0"]
    with start_gateway(opensearch.url, "--sidecar", sidecar.url, "--searches", "pass") as gateway:
        url = f"{gateway.url}/test-searches/_search"
        assert ids(httpx.post(url, json=WORDS, timeout=30)) == ["0"]
        assert len(ids(httpx.post(url, json=WORDS, timeout=30, params={"outrider": "hybrid"}))) == 10


def test_several_searches_at_once(http: httpx.Client, cluster: OpenSearchCluster, spec: IndexSpec) -> None:
    lines = [{"index": "test-searches"}, WORDS, {"index": "test-searches"}, {"query": {"match_all": {}}, "size": 1}]
    lines += [{"index": "absent"}, WORDS, {}, {**WORDS, "size": 2}, {"routing": "x"}, WORDS]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    headers = {"content-type": "application/x-ndjson"}
    answer = http.post("/test-searches/_msearch", content=body, headers=headers)
    assert answer.headers["x-outrider"].startswith("hybrid=2; 1: passed; reason=query match_all; 2: passed")
    first, second, third, fourth, fifth = answer.json()["responses"]
    assert first["hits"]["hits"][0]["_id"] == "0"
    assert len(first["hits"]["hits"]) == 10
    assert (len(second["hits"]["hits"]), third["status"], len(fourth["hits"]["hits"])) == (1, 404, 2)
    assert fifth["status"] == 200


def test_without_the_encoder_words_alone_answer(
    opensearch: Any, cluster: OpenSearchCluster, spec: IndexSpec, start_gateway: Any
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with start_gateway(opensearch.url, "--sidecar", url) as gateway:
        answer = httpx.post(f"{gateway.url}/test-searches/_search", json=WORDS, timeout=30)
        assert answer.headers["x-outrider"].startswith("bm25; reason=the sidecar")
        assert ids(answer) == ["0"]
        with changed(cluster, spec, when_encoder_down=WhenEncoderDown(searches="refuse")):
            answer = await_answer(gateway.url, 503)
            assert answer.json()["error"]["type"] == "outrider_encoder_unavailable_exception"
            assert answer.headers["x-outrider"].startswith("refused; reason=the sidecar")
            lines = "".join(json.dumps(each) + "\n" for each in ({}, WORDS, {}, {"query": {"match_all": {}}}))
            headers = {"content-type": "application/x-ndjson"}
            several = httpx.post(f"{gateway.url}/test-searches/_msearch", content=lines, headers=headers, timeout=30)
            first, second = several.json()["responses"]
            assert (first["status"], first["error"]["type"]) == (503, "outrider_encoder_unavailable_exception")
            assert second["status"] == 200


def test_deadlines_of_the_index_end_in_bm25_or_in_the_order_of_the_fusion(
    opensearch: Any, cluster: OpenSearchCluster, spec: IndexSpec, sidecar: Any, start_gateway: Any
) -> None:
    with (
        delayed(sidecar.url) as (url, delays_s),
        start_gateway(opensearch.url, "--sidecar", url) as gateway,
        changed(cluster, spec, deadlines=Deadlines(encode_s=AMPLE.encode_s, rerank_s=0.5)),
    ):
        await_answer(gateway.url, 200, "hybrid; ")
        delays_s["/rank"] = 3
        late = await_answer(gateway.url, 200, "fused; ")
        assert "did not answer /rank by the deadline" in late.headers["x-outrider"]
        assert "reranked=0" in late.headers["x-outrider"]
        assert 0.5 < late.elapsed.total_seconds() < 3
        assert len(ids(late)) == 10
        assert late.json()["hits"]["max_score"] <= 1
        delays_s["/encode_query"] = 3
        with changed(cluster, spec, deadlines=Deadlines(encode_s=0.5)):
            late = await_answer(gateway.url, 200, "bm25; ")
            assert "did not answer /encode_query by the deadline" in late.headers["x-outrider"]
            assert late.elapsed.total_seconds() < 3
            assert ids(late) == ["0"]


@contextmanager
def changed(cluster: OpenSearchCluster, spec: IndexSpec, **values: Any) -> Iterator[None]:
    """The index with another spec for a while."""
    store_spec(cluster, replace(spec, **values))
    yield
    store_spec(cluster, spec)


def await_answer(url: str, status: int, how: str = "") -> httpx.Response:
    """The first answer that is as it should be, once the gateway has read the spec again."""
    end_s = time.monotonic() + 60
    while True:
        answer = httpx.post(f"{url}/test-searches/_search", json=WORDS, timeout=60)
        if answer.status_code == status and answer.headers["x-outrider"].startswith(how):
            return answer
        assert time.monotonic() < end_s, (answer.status_code, answer.headers["x-outrider"])
        time.sleep(0.1)


@contextmanager
def delayed(sidecar_url: str) -> Iterator[tuple[str, dict[str, float]]]:
    """A way to the sidecar on which requests to some paths take longer."""
    delays_s: dict[str, float] = {}

    class Relay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            time.sleep(delays_s.get(self.path, 0))
            headers = {"content-type": "application/json"}
            answer = httpx.request(self.command, sidecar_url + self.path, content=content, headers=headers, timeout=60)
            with suppress(ConnectionError):
                self.send_response(answer.status_code)
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", delays_s
        server.shutdown()
