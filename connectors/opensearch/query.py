"""Query bodies for vectors that the sidecar made."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..common.query import DensePlan, Filter, Query, Question, bm25_query, given, rank_features_query
from ..common.vector import checked_vector
from ..errors import BadSpec
from ..spec import DenseField, IndexSpec
from .dense import script_vector
from .scripts import VECTOR_SCORE

CANDIDATES = 1000


def dense_plan(spec: IndexSpec, document_count: int) -> DensePlan:
    """Choose how the index's vectors are compared with a query's."""
    if spec.dense and spec.dense.kind == "knn_vector":
        return DensePlan("knn", "the engine's own vector index")
    if document_count <= spec.exact_limit:
        return DensePlan("exact", f"{document_count} documents, within the limit of {spec.exact_limit}: all are scored")
    return DensePlan(
        "candidates",
        f"{document_count} documents, above the limit of {spec.exact_limit}: "
        f"the {CANDIDATES} best by words and terms of each shard are scored",
    )


def sparse_query(spec: IndexSpec, weights: Mapping[str, float]) -> Query:
    """The dot product with the stored weights; matches nothing where no weight is left."""
    return rank_features_query(spec, weights)


def dense_body(
    spec: IndexSpec,
    plan: DensePlan,
    question: Question,
    size: int,
    filter: Filter | None = None,
) -> dict[str, Any]:
    """The search body that ranks by vector, in the way that was planned."""
    if spec.dense is None:
        raise BadSpec(f"index '{spec.index}' has no dense field")
    vector, weights = given(question.encoded.dense, "dense"), question.encoded.sparse
    if plan.kind == "knn":
        numbers = checked_vector(spec.dense, vector).tolist()
        # In the clause itself: a filter around it would be applied to the k nearest, and leave fewer.
        within = {"filter": filter} if filter else {}
        return {"query": {"knn": {spec.dense.name: {"vector": numbers, "k": size, **within}}}, "size": size}
    scored = _script_score(spec.dense, vector, filter)
    if plan.kind == "exact":
        return {"query": scored, "size": size}
    should = [bm25_query(spec, question.text), *([sparse_query(spec, weights)] if weights and spec.sparse else [])]
    return {
        "query": {"bool": {"should": should, "filter": _with_vector(spec.dense, filter), "minimum_should_match": 1}},
        "rescore": {
            "window_size": max(CANDIDATES, size),
            "query": {"rescore_query": scored, "query_weight": 0.0, "rescore_query_weight": 1.0},
        },
        "size": size,
    }


def _with_vector(field: DenseField, filter: Filter | None) -> list[Filter]:
    return [{"exists": {"field": field.name}}, *([filter] if filter else [])]


def _script_score(field: DenseField, vector: Sequence[float], filter: Filter | None) -> Query:
    return {
        "script_score": {
            "query": {"bool": {"filter": _with_vector(field, filter)}},
            "script": {
                "source": VECTOR_SCORE[field.space],
                "params": {"field": field.name, "query": script_vector(field, vector)},
            },
        }
    }
