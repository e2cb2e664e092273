"""What a real OpenSearch 3.6 does with models that stand for the sidecar: its other hooks, and its traps."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    ClusterError,
    DenseField,
    IndexSpec,
    NativeSearcher,
    OpenSearchCluster,
    SettingInTheWay,
    SparseField,
    backfill,
    register,
    unregister,
)
from outrider.connectors.opensearch import ml
from outrider.plugin.client import SidecarClient

pytestmark = pytest.mark.engine

ML = "/_plugins/_ml"
CAT, TAX, TRAIN = "A cat sleeps on the sofa.", "The tax office wants its forms by May.", "The train leaves at nine."
TEXTS = {"cat": CAT, "tax": TAX, "train": TRAIN}
QUESTION = "where does the kitten nap"


@dataclass(frozen=True)
class Registered:
    """A registered index, and the models behind it by what they do."""

    cluster: OpenSearchCluster
    spec: IndexSpec
    model_ids: dict[str, str]
    pipelines: list[str] = field(default_factory=list)

    def index(self, properties: dict[str, Any], *, pipeline: str | None = None, **settings: Any) -> str:
        name = f"width-{uuid4().hex[:8]}"
        given = {**settings, **({"default_pipeline": pipeline} if pipeline else {})}
        self.cluster.write("PUT", f"/{name}", {"settings": {"index": given}, "mappings": {"properties": properties}})
        return name

    def pipeline(self, *processors: dict[str, Any]) -> str:
        name = f"width-{uuid4().hex[:8]}"
        self.cluster.write("PUT", f"/_ingest/pipeline/{name}", {"processors": list(processors)})
        self.pipelines.append(name)
        return name

    def bulk(self, index: str, documents: dict[str, dict[str, Any]], action: str = "index") -> dict[str, Any]:
        lines = "".join(
            json.dumps({action: {"_id": id}}) + "\n" + json.dumps(body) + "\n" for id, body in documents.items()
        )
        answer: dict[str, Any] = self.cluster.write("POST", f"/{index}/_bulk?refresh=true", lines.encode())
        return answer

    def texts(self, index: str, field: str = "text") -> None:
        answer = self.bulk(index, {id: {field: text} for id, text in TEXTS.items()})
        assert not answer["errors"], answer

    def first(self, index: str, query: dict[str, Any], rest: str = "", **body: Any) -> str:
        answer = self.cluster.read("POST", f"/{index}/_search{rest}", {"query": query, **body})
        return str(answer["hits"]["hits"][0]["_id"])


@pytest.fixture(scope="module")
def registered(ml_cluster: OpenSearchCluster, sidecar: Any, models: SidecarClient) -> Iterator[Registered]:
    assert models.models.dimension
    dense = DenseField(models.models.dimension, kind="knn_vector")
    wanted = IndexSpec(f"width-{uuid4().hex[:8]}", ("text",), models.models, dense, SparseField(), id_field="id")
    spec = register(ml_cluster, wanted, sidecar.url, apply_settings=True)
    found = ml_cluster.read("POST", f"{ML}/models/_search", ml.all_of_ours())["hits"]["hits"]
    by_name = {hit["_source"]["name"]: hit["_id"] for hit in found}
    names = {role: ml.connector_body(role, model, sidecar.url)["name"] for role, model in ml.roles(spec).items()}
    registered = Registered(ml_cluster, spec, {role: by_name[name] for role, name in names.items()})
    yield registered
    ml_cluster.write("DELETE", "/width-*,-" + spec.index)
    for name in registered.pipelines:
        ml_cluster.write("DELETE", f"/_ingest/pipeline/{name}")
    unregister(ml_cluster, spec.index, delete_index=True)


def dense_field(registered: Registered) -> dict[str, Any]:
    method = {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"}
    assert registered.spec.dense
    return {"type": "knn_vector", "dimension": registered.spec.dense.dimension, "method": method}


def test_a_semantic_field_is_encoded_at_both_ends(registered: Registered) -> None:
    field = {
        "type": "semantic",
        "model_id": registered.model_ids["dense-document"],
        "search_model_id": registered.model_ids["dense-query"],
        # By name: the default engine ends a node that lacks its library.
        "dense_embedding_config": {"method": {"name": "hnsw", "engine": "lucene"}},
    }
    index = registered.index({"text": field}, knn=True)
    registered.texts(index)
    assert registered.first(index, {"neural": {"text": {"query_text": QUESTION, "k": 3}}}) == "cat"


def test_a_sparse_semantic_field_with_chunks(registered: Registered) -> None:
    field = {
        "type": "semantic",
        "model_id": registered.model_ids["sparse-document"],
        "search_model_id": registered.model_ids["sparse-query"],
        "chunking": True,
    }
    index = registered.index({"text": field}, knn=True)
    registered.texts(index)
    assert registered.first(index, {"neural": {"text": {"query_text": "cat sofa"}}}) == "cat"


def test_chunks_are_encoded_in_one_call_and_found_by_the_best(registered: Registered) -> None:
    chunking = {
        "algorithm": {"fixed_token_length": {"token_limit": 12, "overlap_rate": 0.2}},
        "field_map": {"text": "chunks"},
    }
    model = {"model_id": registered.model_ids["dense-document"], "field_map": {"chunks": "vectors"}, "batch_size": 8}
    pipeline = registered.pipeline({"text_chunking": chunking}, {"text_embedding": model})
    nested = {"type": "nested", "properties": {"knn": dense_field(registered)}}
    index = registered.index({"vectors": nested}, pipeline=pipeline, knn=True)
    long = {"long": {"text": f"{TAX} {TRAIN} {TAX} {CAT}"}, "other": {"text": f"{TAX} {TRAIN} {TRAIN} {TAX}"}}
    assert not registered.bulk(index, long)["errors"]
    stored = registered.cluster.read("GET", f"/{index}/_doc/long")["_source"]
    assert len(stored["vectors"]) == len(stored["chunks"]) > 1
    asked = {"query_text": QUESTION, "model_id": registered.model_ids["dense-query"], "k": 5}
    query = {"nested": {"path": "vectors", "score_mode": "max", "query": {"neural": {"vectors.knn": asked}}}}
    assert registered.first(index, query) == "long"


def test_one_asymmetric_model_serves_both_sides(registered: Registered, sidecar: Any, models: SidecarClient) -> None:
    connector = ml.connector_body("dense-document", next(iter(ml.roles(registered.spec).values())), sidecar.url)
    (action,) = connector["actions"]
    body = '{ "texts": ${parameters.texts}, "content_type": "${parameters.content_type}" }'
    functions = ("pre_process_function", "post_process_function")
    kept = {key: value for key, value in action.items() if key not in functions}
    asymmetric = {**connector, "name": f"width-{uuid4().hex[:8]}"}
    asymmetric["actions"] = [{**kept, "url": f"{sidecar.url}/os/asym", "request_body": body}]
    cluster = registered.cluster
    connector_id = cluster.write("POST", f"{ML}/connectors/_create", asymmetric)["connector_id"]
    config = {
        "model_type": "text_embedding",
        "framework_type": "sentence_transformers",
        "embedding_dimension": models.models.dimension,
        "additional_config": {"space_type": "cosinesimil", "is_asymmetric": True},
    }
    model = {"name": asymmetric["name"], "function_name": "remote", "connector_id": connector_id}
    answer = cluster.write("POST", f"{ML}/models/_register?deploy=true", {**model, "model_config": config})
    model_id = answer["model_id"]
    try:
        processor = {"model_id": model_id, "field_map": {"text": "vector"}, "batch_size": 8}
        pipeline = registered.pipeline({"text_embedding": processor})
        index = registered.index({"vector": dense_field(registered)}, pipeline=pipeline, knn=True)
        registered.texts(index)
        stored = cluster.read("GET", f"/{index}/_doc/cat")["_source"]["vector"]
        (expected,) = models.encode_document([CAT])
        assert stored == pytest.approx(expected.dense, abs=1e-5)  # type: ignore[union-attr]
        asked = {"query_text": QUESTION, "model_id": model_id, "k": 3}
        assert registered.first(index, {"neural": {"vector": asked}}) == "cat"
    finally:
        cluster.write("POST", f"{ML}/models/{model_id}/_undeploy")
        cluster.write("DELETE", f"{ML}/models/{model_id}")
        cluster.write("DELETE", f"{ML}/connectors/{connector_id}")


def test_sparse_vectors_of_the_engine_take_the_ids_of_tokens(
    registered: Registered, sidecar: Any, models: SidecarClient
) -> None:
    """Its `sparse_vector` refuses words; the connector hands on which of the two the engine asks for."""
    assert models.models.sparse
    connector = ml.connector_body("sparse-document", models.models.sparse, sidecar.url)
    (action,) = connector["actions"]
    model = json.dumps(models.models.sparse.name)
    asked_for = '"${parameters.sparse_embedding_format:-WORD}"'
    body = f'{{ "inputs": ${{parameters.input}}, "model": {model}, "format": {asked_for} }}'
    named = {**connector, "name": f"width-{uuid4().hex[:8]}", "actions": [{**action, "request_body": body}]}
    cluster = registered.cluster
    connector_id = cluster.write("POST", f"{ML}/connectors/_create", named)["connector_id"]
    wanted = {"name": named["name"], "function_name": "remote", "connector_id": connector_id}
    model_id = cluster.write("POST", f"{ML}/models/_register?deploy=true", wanted)["model_id"]
    try:
        pipeline = registered.pipeline({"sparse_encoding": {"model_id": model_id, "field_map": {"text": "weights"}}})
        field = {"type": "sparse_vector", "method": {"name": "seismic", "parameters": {"approximate_threshold": 1000}}}
        index = registered.index({"weights": field}, pipeline=pipeline, sparse=True)
        registered.texts(index)
        assert all(key.isdigit() for key in cluster.read("GET", f"/{index}/_doc/cat")["_source"]["weights"])
        asked = {"query_text": "cat sofa", "model_id": model_id, "method_parameters": {"k": 3}}
        assert registered.first(index, {"neural_sparse": {"weights": asked}}) == "cat"
    finally:
        cluster.write("POST", f"{ML}/models/{model_id}/_undeploy")
        cluster.write("DELETE", f"{ML}/models/{model_id}")
        cluster.write("DELETE", f"{ML}/connectors/{connector_id}")


def test_sparse_search_in_two_phases_finds_the_same(registered: Registered) -> None:
    registered.texts(registered.spec.index)
    name = f"width-{uuid4().hex[:8]}"
    processor = {"neural_sparse_two_phase_processor": {"enabled": True}}
    registered.cluster.write("PUT", f"/_search/pipeline/{name}", {"request_processors": [processor]})
    try:
        asked = {"query_text": "cat on the sofa", "model_id": registered.model_ids["sparse-query"]}
        query = {"neural_sparse": {"outrider_sparse": asked}}
        found = registered.first(registered.spec.index, query, f"?search_pipeline={name}")
        assert found == registered.first(registered.spec.index, query) == "cat"
    finally:
        registered.cluster.write("DELETE", f"/_search/pipeline/{name}")


def test_the_engine_prunes_to_the_heaviest_terms(registered: Registered) -> None:
    options = {"model_id": registered.model_ids["sparse-document"], "field_map": {"text": "weights"}}
    pipeline = registered.pipeline({"sparse_encoding": {**options, "prune_type": "top_k", "prune_ratio": 4}})
    index = registered.index({"weights": {"type": "rank_features"}}, pipeline=pipeline)
    registered.texts(index)
    for id in TEXTS:
        assert len(registered.cluster.read("GET", f"/{index}/_doc/{id}")["_source"]["weights"]) == 4


def test_questions_in_one_msearch_are_each_encoded(registered: Registered) -> None:
    registered.texts(registered.spec.index)
    questions = {"cat": QUESTION, "tax": "paying the government", "train": "departure of the railway"}
    bodies = [{"query": {"neural": {"outrider_dense": {"query_text": text, "k": 3}}}} for text in questions.values()]
    pipeline = registered.spec.pipelines
    assert pipeline
    head = json.dumps({"index": registered.spec.index})
    lines = "".join(f"{head}\n{json.dumps({**body, 'search_pipeline': pipeline.fused})}\n" for body in bodies)
    answer = registered.cluster.read("POST", "/_msearch", lines.encode())
    assert [each["hits"]["hits"][0]["_id"] for each in answer["responses"]] == list(questions)


# Traps, each seen on a live node; those of the wire are in tests/plugin/service/test_engine_requests.py.


def test_a_partial_update_in_a_bulk_leaves_old_vectors_and_backfill_mends_them(
    registered: Registered, models: SidecarClient, tmp_path: Path
) -> None:
    cluster, index = registered.cluster, registered.spec.index
    registered.texts(index)
    before = cluster.read("GET", f"/{index}/_doc/train")["_source"]
    registered.bulk(index, {"train": {"doc": {"text": CAT}}}, action="update")
    stale = cluster.read("GET", f"/{index}/_doc/train")["_source"]
    assert stale["text"] == CAT
    assert stale["outrider_dense"] == before["outrider_dense"]
    report = backfill(cluster, registered.spec, models, checkpoint=tmp_path / "checkpoint")
    assert (report.written, report.failed) == (1, 0)
    mended = cluster.read("GET", f"/{index}/_doc/train")["_source"]
    cat = cluster.read("GET", f"/{index}/_doc/cat")["_source"]
    assert mended["outrider_dense"] == pytest.approx(cat["outrider_dense"], abs=1e-5)
    registered.texts(index)


def test_a_single_update_runs_the_pipeline(registered: Registered) -> None:
    cluster, index = registered.cluster, registered.spec.index
    registered.texts(index)
    before = cluster.read("GET", f"/{index}/_doc/train")["_source"]["outrider"]["text_hash"]
    cluster.write("POST", f"/{index}/_update/train", {"doc": {"text": TAX}})
    assert cluster.read("GET", f"/{index}/_doc/train")["_source"]["outrider"]["text_hash"] != before
    registered.texts(index)


def test_reranking_needs_a_query_context_which_our_searches_carry(registered: Registered) -> None:
    registered.texts(registered.spec.index)
    pipeline = registered.spec.pipelines
    assert pipeline
    path = f"/{registered.spec.index}/_search?search_pipeline={pipeline.reranked}"
    patient = OpenSearchCluster(registered.cluster.url, patience_s=0.1)
    with pytest.raises(ClusterError):  # a NullPointerException inside the node
        patient.read("POST", path, {"query": {"match": {"text": "cat"}}})
    patient.close()
    results = NativeSearcher(registered.cluster, registered.spec).search(QUESTION, "reranked").results
    assert results[0].id == "cat"


def test_a_reranker_is_not_asked_about_nothing(registered: Registered) -> None:
    nothing = {"term": {"text": "absent"}}
    found = NativeSearcher(registered.cluster, registered.spec).search("absent", "reranked", filter=nothing)
    assert found.results == ()


def test_a_batch_size_belongs_to_the_processor(registered: Registered) -> None:
    line = b'{"index":{"_id":"x"}}\n{"text":"cat"}\n'
    with pytest.raises(ClusterError, match="unrecognized parameter"):
        registered.cluster.write("POST", f"/{registered.spec.index}/_bulk?batch_size=8", line)


def test_all_batches_of_a_bulk_at_once_are_all_encoded(registered: Registered) -> None:
    """The engine sends every batch of a bulk at the same time."""
    index = registered.spec.index
    answer = registered.bulk(index, {f"many{n}": {"text": f"cat number {n}"} for n in range(200)})
    assert not answer["errors"]
    encoded = {"query": {"bool": {"filter": [{"term": {"outrider.state": "encoded"}}, {"prefix": {"text": "cat"}}]}}}
    assert registered.cluster.read("POST", f"/{index}/_count", encoded)["count"] >= 200


def test_a_model_that_was_deployed_too_early_is_deployed_anew(registered: Registered, sidecar: Any) -> None:
    """private_ip_enabled is frozen into a deployed model: switching it on alone changes nothing."""
    cluster = registered.cluster
    private = "plugins.ml_commons.connector.private_ip_enabled"
    cluster.write("PUT", "/_cluster/settings", {"persistent": {private: False}})
    for model_id in registered.model_ids.values():
        cluster.write("POST", f"{ML}/models/{model_id}/_undeploy")
        cluster.write("POST", f"{ML}/models/{model_id}/_deploy")
    with pytest.raises(SettingInTheWay, match="private_ip_enabled"):
        register(cluster, registered.spec, sidecar.url)
    register(cluster, registered.spec, sidecar.url, apply_settings=True)
    searcher = NativeSearcher(cluster, registered.spec)
    registered.texts(registered.spec.index)
    assert searcher.search(QUESTION, "reranked").results[0].id == "cat"


def test_weights_that_the_engine_takes_are_those_we_send(registered: Registered, models: SidecarClient) -> None:
    """neural_sparse takes weights above 0 and up to 64, by words."""
    registered.texts(registered.spec.index)
    asked = models.encode_query("cat cat cat sofa").sparse
    assert asked
    query = {"neural_sparse": {"outrider_sparse": {"query_tokens": dict(asked)}}}
    assert registered.first(registered.spec.index, query) == "cat"
    with pytest.raises(ClusterError, match="64"):
        registered.first(registered.spec.index, {"neural_sparse": {"outrider_sparse": {"query_tokens": {"cat": 65}}}})
