"""Query bodies whose text the engine has encoded by the sidecar (native way)."""

from typing import Any

from ..capabilities import Version
from ..common.query import Filter, Query, bm25_query, filtered
from ..spec import IndexSpec
from .since import has


def neural_query(spec: IndexSpec, text: str, depth: int, filter: Filter | None = None) -> Query:
    if spec.dense is None:
        return {"match_none": {}}
    within = {"filter": filter} if filter else {}
    return {"neural": {spec.dense.name: {"query_text": text, "k": depth, **within}}}


def neural_sparse_query(spec: IndexSpec, text: str) -> Query:
    if spec.sparse is None:
        return {"match_none": {}}
    return {"neural_sparse": {spec.sparse.name: {"query_text": text}}}


def hybrid_query(version: Version, spec: IndexSpec, text: str, depth: int, filter: Filter | None = None) -> Query:
    """Words, vectors and terms; each is read to the same depth as the sidecar reads them, where that can be said."""
    queries = [filtered(bm25_query(spec, text), filter)]
    queries += [neural_query(spec, text, depth, filter)] if spec.dense else []
    queries += [filtered(neural_sparse_query(spec, text), filter)] if spec.sparse else []
    reach = {"pagination_depth": depth} if has(version, "pagination_depth") else {}
    return {"hybrid": {"queries": queries, **reach}}


def rerank_context(text: str) -> dict[str, Any]:
    return {"rerank": {"query_context": {"query_text": text}}}
