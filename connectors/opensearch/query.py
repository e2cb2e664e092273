"""Query bodies for vectors that the sidecar made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import BadSpec
from ..spec import DenseField, IndexSpec
from .dense import checked_vector, script_vector
from .scripts import VECTOR_SCORE
from .sparse import MAX_CLAUSES, query_weights

Query = dict[str, Any]
Filter = Mapping[str, Any]

CANDIDATES = 1000


@dataclass(frozen=True, slots=True)
class DensePlan:
    """How vectors are compared, and why so."""

    kind: Literal["knn", "exact", "candidates"]
    reason: str


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


def filtered(query: Query, filter: Filter | None) -> Query:
    """The query with its scores, only where the filter matches."""
    return {"bool": {"must": [query], "filter": [filter]}} if filter else query


def bm25_query(spec: IndexSpec, text: str) -> Query:
    """The words of the query in the text fields: as many of the first ones as there may be clauses."""
    words = text.split()
    limit = MAX_CLAUSES // len(spec.text_fields)
    asked = text if len(words) <= limit else " ".join(words[:limit])
    fields = list(spec.text_fields)
    return {"multi_match": {"query": asked, "fields": fields, "type": spec.match, "tie_breaker": spec.tie_breaker}}


def sparse_query(spec: IndexSpec, weights: Mapping[str, float]) -> Query:
    """The dot product with the stored weights; matches nothing where no weight is left."""
    if spec.sparse is None:
        raise BadSpec(f"index '{spec.index}' has no sparse field")
    kept = query_weights(weights)
    if not kept:
        return {"match_none": {}}
    features = [
        {"rank_feature": {"field": f"{spec.sparse.name}.{token}", "linear": {}, "boost": weight}}
        for token, weight in kept.items()
    ]
    return {"bool": {"should": features}}


def dense_body(
    spec: IndexSpec,
    plan: DensePlan,
    text: str,
    vector: Sequence[float],
    weights: Mapping[str, float] | None,
    size: int,
    filter: Filter | None = None,
) -> dict[str, Any]:
    """The search body that ranks by vector, in the way that was planned."""
    if spec.dense is None:
        raise BadSpec(f"index '{spec.index}' has no dense field")
    if plan.kind == "knn":
        numbers = checked_vector(spec.dense, vector).tolist()
        # In the clause itself: a filter around it would be applied to the k nearest, and leave fewer.
        within = {"filter": filter} if filter else {}
        return {"query": {"knn": {spec.dense.name: {"vector": numbers, "k": size, **within}}}, "size": size}
    scored = _script_score(spec.dense, vector, filter)
    if plan.kind == "exact":
        return {"query": scored, "size": size}
    should = [bm25_query(spec, text), *([sparse_query(spec, weights)] if weights and spec.sparse else [])]
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
