"""Query bodies for vectors that the sidecar made."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..common.query import (
    DensePlan,
    Filter,
    Query,
    Question,
    bm25_query,
    by_best_chunk,
    filtered,
    given,
    rank_features_query,
)
from ..common.vector import engine_vector
from ..errors import BadSpec
from ..spec import DenseField, IndexSpec
from .dense import script_vector
from .scripts import VECTOR_SCORE

CANDIDATES = 1000


def dense_plan(spec: IndexSpec, vectors: int) -> DensePlan:
    """Choose how the index's vectors are compared with a query's."""
    if spec.dense and spec.dense.kind == "knn_vector":
        return DensePlan("knn", "the engine's own vector index")
    counted = f"{vectors} {'chunks' if spec.chunks else 'documents'}"
    if vectors <= spec.exact_limit:
        return DensePlan("exact", f"{counted}, within the limit of {spec.exact_limit}: all are scored")
    return DensePlan(
        "candidates",
        f"{counted}, above the limit of {spec.exact_limit}: "
        f"the {CANDIDATES} best by words and terms of each shard are scored",
    )


def sparse_query(spec: IndexSpec, weights: Mapping[str, float]) -> Query:
    """The dot product with the stored weights; matches nothing where no weight is left."""
    return by_best_chunk(spec, rank_features_query(spec, weights))


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
        numbers = engine_vector(spec.dense, vector)
        # In the clause itself: a filter around it would be applied to the k nearest, and leave fewer.
        within = {"filter": filter} if filter else {}
        knn = {"knn": {spec.path(spec.dense): {"vector": numbers, "k": size, **within}}}
        return {"query": by_best_chunk(spec, knn), "size": size}
    if spec.nested:
        scored = filtered(by_best_chunk(spec, exact_dense_query(spec, vector)), filter)
    else:
        scored = exact_dense_query(spec, vector, filter)
    if plan.kind == "exact":
        return {"query": scored, "size": size}
    should = [bm25_query(spec, question.text), *([sparse_query(spec, weights)] if weights and spec.sparse else [])]
    return {
        "query": {"bool": {"should": should, "filter": _with_vector(spec, filter), "minimum_should_match": 1}},
        "rescore": {
            "window_size": max(CANDIDATES, size),
            "query": {"rescore_query": scored, "query_weight": 0.0, "rescore_query_weight": 1.0},
        },
        "size": size,
    }


def exact_dense_query(spec: IndexSpec, vector: Sequence[float], filter: Filter | None = None) -> Query:
    """Every vector scored, as the k-NN plugin scores it."""
    if spec.dense is None:
        raise BadSpec(f"index '{spec.index}' has no dense field")
    field = spec.path(spec.dense)
    has_vector = [{"exists": {"field": field}}, *([filter] if filter else [])]
    script = (
        _knn_score(spec.dense, field, vector)
        if spec.dense.kind == "knn_vector"
        else {
            "source": VECTOR_SCORE[spec.dense.space],
            "params": {"field": field, "query": script_vector(spec.dense, vector)},
        }
    )
    return {"script_score": {"query": {"bool": {"filter": has_vector}}, "script": script}}


def _knn_score(dense: DenseField, field: str, vector: Sequence[float]) -> dict[str, Any]:
    space = "hamming" if dense.element == "bit" else dense.space
    params = {"field": field, "query_value": engine_vector(dense, vector), "space_type": space}
    return {"lang": "knn", "source": "knn_score", "params": params}


def _with_vector(spec: IndexSpec, filter: Filter | None) -> list[Filter]:
    if spec.dense is None:
        return []
    exists = {"exists": {"field": spec.path(spec.dense)}}
    has_one = {"nested": {"path": spec.nested.field, "query": exists}} if spec.nested else exists
    return [has_one, *([filter] if filter else [])]
