"""Query bodies for vectors that the sidecar made."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..capabilities import Version
from ..common.features import query_weights
from ..common.query import DensePlan, Filter, Query, Question, by_best_chunk, given, rank_features_query
from ..common.vector import engine_vector
from ..errors import BadSpec
from ..spec import IndexSpec, Space
from .dense import FORMS, structure_of
from .since import has

_MAX_CANDIDATES = 10_000
_FEWEST_CANDIDATES = 100
# The vectors themselves decide among so many times as many as are asked for, found by their rounded copies.
_OVERSAMPLE = 3.0
_EXACT: Mapping[Space, str] = {
    "cosinesimil": "(1 + cosineSimilarity(params.query, params.field)) / 2",
    "innerproduct": "double d = dotProduct(params.query, params.field); return d < 0 ? 1 / (1 - d) : d + 1",
    "l2": "double d = l2norm(params.query, params.field); return 1 / (1 + d * d)",
}

_EXACT_BITS = "(params.bits - hamming(params.query, params.field)) / (double) params.bits"


def dense_plan(spec: IndexSpec, vectors: int) -> DensePlan:
    """Choose how the index's vectors are compared with a query's."""
    return DensePlan("knn", f"the engine's own vector index, of {vectors} {'chunks' if spec.chunks else 'documents'}")


def sparse_query(version: Version, spec: IndexSpec, weights: Mapping[str, float]) -> Query:
    """The dot product with the stored weights; matches nothing where no weight is left."""
    if spec.sparse is None:
        raise BadSpec(f"index '{spec.index}' has no sparse field")
    if spec.sparse.kind == "rank_features":
        return by_best_chunk(spec, rank_features_query(spec, weights))
    kept = query_weights(weights)
    if not kept:
        return {"match_none": {}}
    field = spec.path(spec.sparse)
    if has(version, "sparse_vector query"):
        return by_best_chunk(spec, {"sparse_vector": {"field": field, "query_vector": kept, "prune": False}})
    # Before, a term of such a field is asked by a term query, whose score is the stored weight.
    terms = [{"term": {field: {"value": t, "boost": weight}}} for t, weight in kept.items()]
    return by_best_chunk(spec, {"bool": {"should": terms}})


def dense_body(
    version: Version,
    spec: IndexSpec,
    _: DensePlan,
    question: Question,
    size: int,
    filter: Filter | None = None,
) -> dict[str, Any]:
    """The search body that ranks by vector, in the way that was planned."""
    if spec.dense is None:
        raise BadSpec(f"index '{spec.index}' has no dense field")
    knn: dict[str, Any] = {
        "field": spec.path(spec.dense),
        "query_vector": engine_vector(spec.dense, given(question.encoded.dense, "dense")),
        "k": size,
        "num_candidates": min(max(2 * size, _FEWEST_CANDIDATES), _MAX_CANDIDATES),
    }
    if has(version, "rescore_vector") and FORMS[structure_of(version, spec.dense)].is_rounded:
        knn["rescore_vector"] = {"oversample": _OVERSAMPLE}
    if filter:
        knn["filter"] = filter
    return {"knn": knn, "size": size}


def exact_dense_query(spec: IndexSpec, vector: Sequence[float]) -> Query:
    """Every vector scored, as knn scores it."""
    if spec.dense is None:
        raise BadSpec(f"index '{spec.index}' has no dense field")
    field = spec.path(spec.dense)
    params = {"field": field, "query": engine_vector(spec.dense, vector)}
    source = _EXACT_BITS if spec.dense.element == "bit" else _EXACT[spec.dense.space]
    script = {"source": source, "params": {**params, "bits": spec.dense.dimension}}
    return {"script_score": {"query": {"exists": {"field": field}}, "script": script}}
