"""Query bodies whose text the engine has encoded by the sidecar (native way)."""

from typing import Any

from ..common.query import Filter, Query, bm25_query, filtered
from ..spec import IndexSpec


def neural_query(spec: IndexSpec, text: str, depth: int, filter: Filter | None = None) -> Query:
    if spec.dense is None:
        return {"match_none": {}}
    within = {"filter": filter} if filter else {}
    return {"neural": {spec.dense.name: {"query_text": text, "k": depth, **within}}}


def neural_sparse_query(spec: IndexSpec, text: str) -> Query:
    if spec.sparse is None:
        return {"match_none": {}}
    return {"neural_sparse": {spec.sparse.name: {"query_text": text}}}


def hybrid_query(spec: IndexSpec, text: str, depth: int, filter: Filter | None = None) -> Query:
    """Words, vectors and terms, each read to the same depth as the sidecar reads them."""
    queries = [filtered(bm25_query(spec, text), filter)]
    queries += [neural_query(spec, text, depth, filter)] if spec.dense else []
    queries += [filtered(neural_sparse_query(spec, text), filter)] if spec.sparse else []
    return {"hybrid": {"queries": queries, "pagination_depth": depth}}


def rerank_context(text: str) -> dict[str, Any]:
    return {"rerank": {"query_context": {"query_text": text}}}
