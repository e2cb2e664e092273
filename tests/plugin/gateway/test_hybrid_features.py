"""What applications ask of a search besides words keeps working where meaning answers too, on both engines."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from outrider.connectors import IndexSpec, connect, ensure_index, spec_for
from outrider.plugin.client import SidecarClient

from .conftest import AMPLE, await_known

pytestmark = pytest.mark.engine

NAME = "test-features"
ANIMALS = ("cat", "kitten", "feline", "dog", "puppy", "horse", "car", "engine", "bread", "tax")
WORDS: dict[str, Any] = {"query": {"match": {"title": "a cat that sleeps"}}}
MAPPING = {"brand": {"type": "keyword"}, "n": {"type": "integer"}}
COUNT = 60


@pytest.fixture(scope="module", params=["opensearch", "elasticsearch_full"])
def direct(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """The engine itself."""
    with httpx.Client(base_url=request.getfixturevalue(request.param).url, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def through(direct: httpx.Client, sidecar: Any, start_gateway: Any) -> Iterator[httpx.Client]:
    """Through a gateway, to an index of sixty documents of twelve brands that reranks five and reads ten."""
    url = str(direct.base_url).rstrip("/")
    with (
        start_gateway(url, "--sidecar", sidecar.url) as running,
        httpx.Client(base_url=running.url, timeout=60) as client,
        SidecarClient(sidecar.url) as encoder,
    ):
        direct.delete(f"/{NAME}")
        direct.put(f"/{NAME}", json={"mappings": {"properties": MAPPING}}).raise_for_status()
        cluster = connect(url)
        ensure_index(cluster, _spec(spec_for(cluster, NAME, ("title",), encoder.models)))
        cluster.close()
        await_known(client, NAME)
        lines = [line for n in range(COUNT) for line in ({"index": {"_id": str(n)}}, document(n))]
        body = "".join(json.dumps(line) + "\n" for line in lines)
        headers = {"content-type": "application/x-ndjson"}
        stored = client.post(f"/{NAME}/_bulk?refresh=true", content=body, headers=headers).json()
        assert not stored["errors"], stored
        yield client
        direct.delete(f"/{NAME}")


def _spec(spec: IndexSpec) -> IndexSpec:
    return replace(spec, window=10, rerank_window=5, deadlines=AMPLE)


def document(n: int) -> dict[str, Any]:
    return {"title": f"a {ANIMALS[n % 10]} that sleeps in house number {n}", "brand": f"b{n % 12}", "n": n}


def hybrid(client: httpx.Client, body: Any, **parameters: Any) -> Any:
    answer = client.post(f"/{NAME}/_search", json=body, params=parameters)
    assert answer.headers["x-outrider"].startswith("hybrid; legs=bm25,dense,sparse; reranked="), answer.headers
    return answer.json()


def ids(answer: Any) -> list[str]:
    return [hit["_id"] for hit in answer["hits"]["hits"]]


def scores(answer: Any) -> list[float]:
    return [hit["_score"] for hit in answer["hits"]["hits"]]


def test_pages_fit_together_beyond_the_rerank_window_and_the_total_stays(through: httpx.Client) -> None:
    whole = hybrid(through, {**WORDS, "size": COUNT})
    assert whole["hits"]["total"] == {"value": COUNT, "relation": "eq"}
    assert len(set(ids(whole))) == COUNT
    assert scores(whole) == sorted(scores(whole), reverse=True)
    pages = [hybrid(through, {**WORDS, "size": 7, "from": start}) for start in range(0, COUNT, 7)]
    assert [id for page in pages for id in ids(page)] == ids(whole)
    assert [score for page in pages for score in scores(page)] == scores(whole)
    assert {page["hits"]["total"]["value"] for page in pages} == {COUNT}
    assert "total" not in hybrid(through, {**WORDS, "track_total_hits": False})["hits"]
    capped = hybrid(through, {**WORDS, "track_total_hits": 20})["hits"]["total"]
    assert capped == {"value": 20, "relation": "gte"}


def test_filters_hold_for_every_hit_of_every_ranking(through: httpx.Client) -> None:
    cheap = {"range": {"n": {"lt": 30}}}
    answer = hybrid(through, {"query": {"bool": {"must": WORDS["query"], "filter": cheap}}, "size": COUNT})
    assert sorted(map(int, ids(answer))) == list(range(30))
    assert answer["hits"]["total"]["value"] == 30
    after = hybrid(through, {**WORDS, "post_filter": cheap, "size": COUNT, "aggs": {"n": {"max": {"field": "n"}}}})
    assert sorted(map(int, ids(after))) == list(range(30))
    assert after["aggregations"]["n"]["value"] == 59.0


def test_aggregations_are_those_of_the_engine(through: httpx.Client, direct: httpx.Client) -> None:
    aggs = {"brands": {"terms": {"field": "brand", "size": 20}}, "n": {"stats": {"field": "n"}}}
    body = {**WORDS, "aggs": aggs}
    expected = direct.post(f"/{NAME}/_search", json=body).json()["aggregations"]
    assert hybrid(through, body)["aggregations"] == expected
    assert expected["n"]["count"] == COUNT


def test_the_order_of_scores_may_be_asked_for_and_any_other_is_the_engines(
    through: httpx.Client, direct: httpx.Client
) -> None:
    plain = hybrid(through, WORDS)
    for sort in ("_score", ["_score"], [{"_score": "desc"}], {"_score": {"order": "desc"}}):
        assert hybrid(through, {**WORDS, "sort": sort})["hits"] == plain["hits"]
    body = {**WORDS, "sort": [{"n": "desc"}], "size": 5}
    answer = through.post(f"/{NAME}/_search", json=body)
    assert answer.headers["x-outrider"] == "passed; reason=sort"
    assert answer.json()["hits"] == direct.post(f"/{NAME}/_search", json=body).json()["hits"]


def test_collapsed_every_group_comes_once(through: httpx.Client, direct: httpx.Client) -> None:
    body = {**WORDS, "collapse": {"field": "brand"}, "size": 12}
    whole, engine = hybrid(through, body), direct.post(f"/{NAME}/_search", json=body).json()
    brands = [hit["fields"]["brand"] for hit in whole["hits"]["hits"]]
    assert sorted(map(str, brands)) == sorted(str(hit["fields"]["brand"]) for hit in engine["hits"]["hits"])
    assert len(brands) == 12
    assert whole["hits"]["total"] == engine["hits"]["total"]
    assert whole["hits"]["hits"][0].keys() == engine["hits"]["hits"][0].keys()
    pages = [hybrid(through, {**body, "size": 5, "from": start}) for start in (0, 5, 10)]
    assert [id for page in pages for id in ids(page)] == ids(whole)
    refused = through.post(f"/{NAME}/_search", json={**WORDS, "collapse": {"field": "title"}})
    assert refused.status_code == 400


def test_words_are_highlighted_also_in_what_meaning_found_first(through: httpx.Client, direct: httpx.Client) -> None:
    body = {**WORDS, "highlight": {"fields": {"title": {}}}, "size": COUNT}
    engine = {hit["_id"]: hit["highlight"] for hit in direct.post(f"/{NAME}/_search", json=body).json()["hits"]["hits"]}
    found = {hit["_id"]: hit["highlight"] for hit in hybrid(through, body)["hits"]["hits"]}
    assert found == engine
    assert found["0"] == {"title": ["<em>a</em> <em>cat</em> <em>that</em> <em>sleeps</em> in house number 0"]}


def test_source_filters_and_fields_are_those_of_the_engine(through: httpx.Client, direct: httpx.Client) -> None:
    for part in (
        {"_source": False},
        {"_source": ["n"]},
        {"_source": {"excludes": ["title"]}},
        {"fields": ["brand"], "_source": "n"},
        {"docvalue_fields": ["n"]},
    ):
        body = {**WORDS, **part, "size": COUNT}
        answer = direct.post(f"/{NAME}/_search", json=body).json()
        engine = {hit["_id"]: without_ours(hit) for hit in answer["hits"]["hits"]}
        assert {hit["_id"]: without_ours(hit) for hit in hybrid(through, body)["hits"]["hits"]} == engine, part


def without_ours(hit: dict[str, Any]) -> dict[str, Any]:
    source = {key: value for key, value in hit.get("_source", {}).items() if not key.startswith("outrider")}
    return {**{key: value for key, value in hit.items() if key not in ("_score", "_source")}, "_source": source}
