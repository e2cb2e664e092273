"""The native way on a real Elasticsearch 9.4.3 with a trial licence, and the seven traps of its inference API."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from outrider.connectors import (
    BadSpec,
    Cluster,
    Declared,
    Document,
    DryRun,
    Encoded,
    EncoderUnavailable,
    IndexSpec,
    ModelIdentity,
    Models,
    NotRegistered,
    Plan,
    RequestRefused,
    SemanticSearcher,
    connect,
    destroy,
    examine,
    index_documents,
    make_plan,
    read_spec,
    register,
    spec_for,
    unregister,
)
from outrider.connectors.elasticsearch.inference import SERVICES, endpoint, roles
from outrider.plugin.client import SidecarClient

from .model_server import TOPICS, ModelServer, model_server

MODELS = Models(
    dense=ModelIdentity("counting", "d1"),
    sparse=ModelIdentity("words", "s1"),
    rerank=ModelIdentity("shared", "r1"),
    dimension=len(TOPICS),
)
TEXTS = ["a cat and a cat", "the dog barks at the car", "a car for the tax office", "cat dog cat car", "tax on tax"]
pytestmark = pytest.mark.engine


def test_on_a_basic_licence_the_sidecar_does_it_all(full_cluster: Cluster) -> None:
    """Trap 5: 403 from the inference API; a mapping is taken, and each document refused."""
    assert examine(full_cluster).way == "sidecar"
    spec = IndexSpec("unregistered", ("title",), models=MODELS)
    with pytest.raises(NotRegistered, match=r"an Enterprise or trial licence \(this one is basic\)"):
        register(full_cluster, spec, "http://127.0.0.1:9")
    made = endpoint(
        spec_for(full_cluster, "n", ("title",), MODELS),
        "rerank",
        MODELS.rerank or ModelIdentity("", ""),
        "http://127.0.0.1:9",
        None,
        "custom",
    )
    with pytest.raises(RequestRefused, match="non-compliant") as refused:
        full_cluster.write("PUT", made.path, made.body)
    assert refused.value.status == 403


@pytest.fixture(scope="module")
def paying(elasticsearch_full: Any) -> Iterator[Cluster]:
    """The same node with its trial licence, which it gives once."""
    cluster = connect(elasticsearch_full.url)
    assert cluster.write("POST", "/_license/start_trial?acknowledge=true")["trial_was_started"]
    yield cluster
    cluster.write("POST", "/_license/start_basic?acknowledge=true")
    cluster.close()


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        yield running


@pytest.fixture
def registered(paying: Cluster, server: ModelServer) -> Iterator[IndexSpec]:
    name = f"native-{uuid4().hex[:8]}"
    spec = register(paying, spec_for(paying, name, ("title",), MODELS, id_field="id"), server.url, api_key="k")
    yield spec
    unregister(paying, name, delete_index=True)


def fill(cluster: Cluster, spec: IndexSpec, texts: list[str]) -> None:
    documents = [Document(at + 1, {"id": f"d{at}", "title": text}) for at, text in enumerate(texts)]
    report = index_documents(cluster, spec, _NoEncoder(), documents)
    assert (report.written, report.failed) == (len(texts), 0)


class _NoEncoder:
    """Nothing is encoded here: the engine does it."""

    models = MODELS

    def encode_document(self, texts: Any) -> Any:
        raise AssertionError(f"{texts} were encoded outside the engine")

    def encode_query(self, text: str) -> Any:
        raise AssertionError(f"{text} was encoded outside the engine")

    def rank(self, query: str, passages: Any) -> Any:
        raise AssertionError(f"{passages} were ranked for {query} outside the engine")


def test_documents_and_questions_are_encoded_by_the_engine_alone(
    paying: Cluster, registered: IndexSpec, server: ModelServer
) -> None:
    fill(paying, registered, TEXTS)
    assert read_spec(paying, registered.index) == registered
    searcher = SemanticSearcher(paying, registered)
    best = {mode: searcher.search("cat", mode, 3).results[0].id for mode in searcher.modes}
    assert best["dense"] == best["sparse"] == "d0"
    assert set(best) == {"bm25", "dense", "sparse", "fused", "reranked"}
    pages = [r.id for at in (0, 2) for r in searcher.search("cat car", "reranked", 2, offset=at).results]
    assert pages == [r.id for r in searcher.search("cat car", "reranked", 4).results]
    only = searcher.search("cat", "fused", 5, filter={"ids": {"values": ["d1", "d4"]}})
    assert {r.id for r in only.results} == {"d1", "d4"}
    again = index_documents(paying, registered, _NoEncoder(), [Document(1, {"id": "d0", "title": TEXTS[0]})])
    assert again.skipped == 1


def test_each_side_says_which_it_is(paying: Cluster, registered: IndexSpec, server: ModelServer) -> None:
    """Trap 1: semantic_text ignores `translation` and sends the default; so there are two endpoints."""
    server.requests.clear()
    fill(paying, registered, TEXTS[:1])
    SemanticSearcher(paying, registered).search("cat", "dense", 1)
    sent = [(body["input"], body["input_type"]) for body in server.bodies("/v1/embeddings")]
    assert sent == [([TEXTS[0]], "search_document"), (["cat"], "search_query")]


def test_one_endpoint_would_call_a_question_a_document(
    paying: Cluster, registered: IndexSpec, server: ModelServer
) -> None:
    """Trap 1 itself, so that we learn when a release mends it."""
    assert registered.endpoints is not None
    index = f"one-{uuid4().hex[:8]}"
    field = {"type": "semantic_text", "inference_id": registered.endpoints.dense_document}
    paying.write("PUT", f"/{index}", {"mappings": {"properties": {"one": field}}})
    try:
        paying.write("PUT", f"/{index}/_doc/1?refresh=true", {"one": "cat"})
        server.requests.clear()
        paying.read("POST", f"/{index}/_search", {"query": {"semantic": {"field": "one", "query": "dog"}}})
        assert [body["input_type"] for body in server.bodies("/v1/embeddings")] == ["search_document"]
    finally:
        paying.write("DELETE", f"/{index}")


def test_other_services_refuse_to_be_told_the_side(paying: Cluster, server: ModelServer) -> None:
    """Trap 2: so that each side has an address of its own there."""
    spec = spec_for(paying, "sides", ("title",), MODELS)
    made = [
        endpoint(spec, role, roles(spec)[role], server.url, None, "hugging_face")
        for role in ("dense-document", "dense-query")
    ]
    try:
        for each in made:
            paying.write("PUT", each.path, each.body)
        server.requests.clear()
        for each in made:
            paying.write("POST", each.path, {"input": ["cat"]})
        assert [path for path, _ in server.requests] == ["/embed", "/query/embed"]
        with pytest.raises(RequestRefused, match="input_type"):
            paying.write("POST", made[0].path, {"input": ["cat"], "input_type": "search"})
    finally:
        for each in made:
            paying.write("DELETE", each.path)


def test_a_bulk_is_encoded_together_and_long_texts_in_overlapping_pieces(
    paying: Cluster, registered: IndexSpec, server: ModelServer
) -> None:
    """Trap 3."""
    server.requests.clear()
    fill(paying, registered, [f"cat {at}" for at in range(100)])
    sizes = sorted(len(body["input"]) for body in server.bodies("/v1/embeddings"))
    assert sum(sizes) == 100
    assert max(sizes) <= 64
    assert len(sizes) <= 4
    server.requests.clear()
    sentences = " ".join(f"This is sentence number {at} of a long text." for at in range(100))
    paying.write("PUT", f"/{registered.index}/_doc/long", {"title": sentences})
    pieces = [text for body in server.bodies("/v1/embeddings") for text in body["input"]]
    assert len(pieces) > 2
    assert all(len(piece.split()) <= 250 for piece in pieces)
    assert sum(len(piece) for piece in pieces) > len(sentences)


def test_a_text_that_fails_is_told_and_the_others_are_written(
    paying: Cluster, registered: IndexSpec, server: ModelServer
) -> None:
    """Trap 4: custom tries 500 and 503 once more at most; what fails for good is that document's 400."""
    server.failures = [429, 429]
    fill(paying, registered, ["cat once"])
    server.refuses = "unspeakable"
    documents = [Document(at + 1, {"id": f"x{at}", "title": text}) for at, text in enumerate(["cat", "unspeakable"])]
    for each in documents:  # one by one: a text that fails takes those along that are sent in the same call
        report = index_documents(paying, registered, _NoEncoder(), [each])
        assert (report.written, report.failed) == ((1, 0) if each.position == 1 else (0, 1))
    assert "inference" in report.first_failures[0].reason.lower()
    server.refuses = "cat"
    with pytest.raises(RequestRefused):
        SemanticSearcher(paying, registered).search("cat", "dense", 1)


def test_a_rerank_that_leaves_texts_out_is_noticed(paying: Cluster, registered: IndexSpec, server: ModelServer) -> None:
    """Trap 6: the engine takes a reply with fewer entries than texts."""
    fill(paying, registered, TEXTS)
    server.drop = 1
    with pytest.raises(EncoderUnavailable, match=r"scored 4 of 5 texts"):
        SemanticSearcher(paying, registered).search("cat", "reranked", 5)


def test_registering_again_changes_nothing_and_a_dry_run_sends_nothing(
    paying: Cluster, registered: IndexSpec, server: ModelServer
) -> None:
    before = len(server.requests)
    dry = DryRun(paying)
    assert register(dry, registered, server.url, api_key="k") == registered
    assert dry.requests == []
    fresh = spec_for(paying, "never-made", ("title",), MODELS)
    dry = DryRun(paying)
    register(dry, fresh, server.url, api_key="another-secret")
    assert [request.method for request in dry.requests] == ["PUT"] * 6
    assert "another-secret" not in json.dumps([request.body for request in dry.requests])
    assert len(server.requests) == before


def test_fields_cannot_be_taken_out_of_an_index(paying: Cluster, registered: IndexSpec) -> None:
    with pytest.raises(BadSpec, match="--delete-index"):
        unregister(paying, registered.index)
    with pytest.raises(BadSpec, match="--delete-index"):
        destroy(paying, registered.index)
    with pytest.raises(BadSpec, match="--delete-index"):
        plan_of(paying, IndexSpec(registered.index, ("title",)))
    with pytest.raises(BadSpec, match="by `outrider register` alone"):
        plan_of(paying, IndexSpec("not-there", ("title",), way="native"))


def plan_of(cluster: Cluster, template: IndexSpec) -> Plan:
    return make_plan(cluster, Declared(template), MODELS)


@pytest.mark.parametrize("service", SERVICES)
def test_the_real_sidecar_serves_every_service(paying: Cluster, sidecar: Any, service: Any) -> None:
    index = f"real-{service}-{uuid4().hex[:8]}".replace("_", "-")
    with SidecarClient(sidecar.url) as encoder:
        plain = spec_for(paying, index, ("title",), encoder.models, id_field="id")
        spec = register(paying, plain, sidecar.url, service=service)
        try:
            texts = ["A cat sat on the mat.", "A dog ran through the park.", "The engine of a fast car."]
            documents = [Document(at + 1, {"id": str(at), "title": text}) for at, text in enumerate(texts)]
            assert index_documents(paying, spec, encoder, documents).written == 3
            searcher = SemanticSearcher(paying, spec)
            for mode in ("dense", "sparse", "fused", "reranked"):
                assert searcher.search("kitten on a rug", mode, 3).results[0].id == "0"
            cosine = float(np.dot(_dense(encoder, "query", "kitten"), _dense(encoder, "document", texts[0])))
            asked = searcher.search("kitten", "dense", 1).results[0]
            assert asked.score == pytest.approx((1 + cosine) / 2, abs=5e-3)
            assert spec.endpoints is not None
            reranker = {
                "retriever": {"standard": {"query": {"match_all": {}}}},
                "inference_id": spec.endpoints.rerank,
                "inference_text": "fast vehicle",
                "field": "title",
            }
            body = {"retriever": {"text_similarity_reranker": reranker}}
            hits = paying.read("POST", f"/{index}/_search", body)["hits"]["hits"]
            assert hits[0]["_id"] == "2"
        finally:
            unregister(paying, index, delete_index=True)


def _dense(encoder: SidecarClient, side: str, text: str) -> Sequence[float]:
    encoded = encoder.encode_query(text) if side == "query" else encoder.encode_document([text])[0]
    assert isinstance(encoded, Encoded)
    assert encoded.dense is not None
    return encoded.dense


def test_a_key_is_sent_and_kept_out_of_sight(paying: Cluster, registered: IndexSpec) -> None:
    assert registered.endpoints is not None
    told = paying.read("GET", f"/_inference/rerank/{registered.endpoints.rerank}")
    assert "Bearer ${api_key}" in json.dumps(told)
    assert '"k"' not in json.dumps(told)


def test_the_spec_of_a_registered_index_stays_as_it_is(paying: Cluster, registered: IndexSpec) -> None:
    with pytest.raises(BadSpec, match="was made otherwise"):
        fill(paying, replace(registered, sparse=None), TEXTS[:1])
