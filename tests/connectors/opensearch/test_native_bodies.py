"""What each version of OpenSearch is sent differs by a table; versions that no package has are checked here alone.

Source of the table: the plugins' sources and release notes. 3.6 is asked itself in the tests of the native way.
"""

from typing import Any

import pytest

from outrider.connectors import BadSpec, DenseField, IndexSpec, ModelIdentity, Models, SparseField, Weights
from outrider.connectors.opensearch import ml
from outrider.connectors.opensearch.ingest_pipeline import ingest_pipeline
from outrider.connectors.opensearch.mapping import index_body
from outrider.connectors.opensearch.native_query import hybrid_query
from outrider.connectors.opensearch.search_pipeline import fused_pipeline
from outrider.connectors.spec import Technique

MODEL = ModelIdentity("minilm", "f1")


def spec(fusion: Technique = "min_max", weights: Weights | None = None) -> IndexSpec:
    models = Models(MODEL, MODEL, MODEL, 4)
    dense = DenseField(4, kind="knn_vector")
    return IndexSpec("i", ("t",), models, dense, SparseField(), fusion=fusion, weights=weights or Weights())


def ids() -> dict[ml.Role, str]:
    return {role: f"id of {role}" for role in ml.roles(spec())}


@pytest.mark.parametrize(("version", "expected"), [((2, 15), None), ((2, 16), 32), ((3, 6), 32)])
def test_documents_are_sent_in_batches_where_processors_can(version: tuple[int, ...], expected: int | None) -> None:
    processors = ingest_pipeline(version, spec(), ids())["processors"]
    batches = {name: options.get("batch_size") for each in processors for name, options in each.items()}
    assert batches["text_embedding"] == batches["sparse_encoding"] == expected


@pytest.mark.parametrize(("version", "expected"), [((2, 18), None), ((2, 19), 100), ((3, 6), 100)])
def test_each_ranking_is_read_deep_where_that_can_be_said(version: tuple[int, ...], expected: int | None) -> None:
    assert hybrid_query(version, spec(), "cat", 100)["hybrid"].get("pagination_depth") == expected


@pytest.mark.parametrize(("version", "has_config"), [((2, 19), False), ((3, 0), False), ((3, 1), True), ((3, 6), True)])
def test_models_say_what_they_give_where_semantic_fields_ask(version: tuple[int, ...], has_config: bool) -> None:
    connector: dict[str, Any] = {"name": "n", "description": "d"}
    bodies = {role: ml.model_body(version, role, spec(), connector, "c", "g") for role in ml.roles(spec())}
    assert {role for role, body in bodies.items() if "model_config" in body} == (
        {"dense-document", "dense-query", "sparse-document", "sparse-query"} if has_config else set()
    )


@pytest.mark.parametrize(
    ("version", "fusion", "weights", "needed"),
    [
        ((2, 18), "rrf", Weights(), "2.19"),
        ((3, 1), "rrf", Weights(bm25=2), "3.2"),
        ((2, 19), "z_score", Weights(), "3.0"),
    ],
)
def test_a_fusion_that_the_version_lacks_is_refused_with_the_one_that_has_it(
    version: tuple[int, ...], fusion: Technique, weights: Weights, needed: str
) -> None:
    with pytest.raises(BadSpec, match=f"needs OpenSearch {needed} or later"):
        fused_pipeline(version, spec(fusion, weights), ids())
    newer = tuple(int(part) for part in needed.split("."))
    assert fused_pipeline(newer, spec(fusion, weights), ids())


def test_min_max_is_known_to_all() -> None:
    (phase,) = fused_pipeline((2, 15), spec(), ids())["phase_results_processors"]
    assert phase["normalization-processor"]["normalization"] == {"technique": "min_max"}


def test_vectors_name_an_engine_that_needs_no_native_library() -> None:
    """Without a name the default is faiss, which ends the node at the first write where its library is missing."""
    method = index_body((3, 6), spec())["mappings"]["properties"]["outrider_dense"]["method"]
    assert method["engine"] == "lucene"


def test_a_connector_has_a_credential_and_all_timeouts_in_seconds() -> None:
    """An empty credential is refused from 2.19 on; without timeouts 2.14 to 3.5 wait for hours."""
    for role in ml.roles(spec()):
        body = ml.connector_body(role, MODEL, "http://sidecar:8080")
        assert all(body["credential"].values())
        assert body["client_config"]["read_timeout"] <= 60
        assert body["client_config"]["connection_timeout"] <= 60
