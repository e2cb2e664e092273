"""Query bodies that both engines understand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from ..errors import BadSpec, ConnectorError
from ..ports import Encoded
from ..spec import IndexSpec
from .features import MAX_CLAUSES, query_weights

Query = dict[str, Any]
Filter = Mapping[str, Any]
Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class DensePlan:
    """How vectors are compared, and why so."""

    kind: Literal["knn", "exact", "candidates"]
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, in words and as vectors."""

    text: str
    encoded: Encoded


def given(value: Given | None, leg: str) -> Given:
    """Raises ConnectorError where the encoder left out what the index has a field for."""
    if value is None:
        raise ConnectorError(f"the encoder gave no {leg} vector for the query, the index has a {leg} field")
    return value


def filtered(query: Query, filter: Filter | None) -> Query:
    """The query with its scores, only where the filter matches."""
    return {"bool": {"must": [query], "filter": [filter]}} if filter else query


def by_best_chunk(spec: IndexSpec, query: Query) -> Query:
    """A query for vectors, as one for documents: where these hold chunks, a document counts as its best one."""
    if spec.nested is None:
        return query
    return {"nested": {"path": spec.nested.field, "score_mode": "max", "query": query}}


def best_chunks_query(spec: IndexSpec, ids: Sequence[str], scored: Mapping[str, Query]) -> Query:
    """These documents, each with its best chunk by each of the scores, as inner hits of that name."""
    if spec.nested is None:
        raise BadSpec(f"index '{spec.index}' keeps no chunks in its documents")
    place = [f"{spec.nested.field}.start", f"{spec.nested.field}.stop"]
    should = [
        {"nested": {**query["nested"], "inner_hits": {"name": name, "size": 1, "_source": place}}}
        for name, query in scored.items()
        if "nested" in query  # a query without words left matches nothing
    ]
    return {"bool": {"filter": [{"ids": {"values": list(ids)}}], "should": should}}


def bm25_query(spec: IndexSpec, text: str) -> Query:
    """The words of the query in the text fields: as many of the first ones as there may be clauses."""
    words = text.split()
    limit = MAX_CLAUSES // len(spec.text_fields)
    asked = text if len(words) <= limit else " ".join(words[:limit])
    fields = list(spec.text_fields)
    return {"multi_match": {"query": asked, "fields": fields, "type": spec.match, "tie_breaker": spec.tie_breaker}}


def rank_features_query(spec: IndexSpec, weights: Mapping[str, float]) -> Query:
    """The dot product with the weights of a rank_features field; matches nothing where no weight is left."""
    if spec.sparse is None:
        raise BadSpec(f"index '{spec.index}' has no sparse field")
    kept = query_weights(weights)
    if not kept:
        return {"match_none": {}}
    features = [
        {"rank_feature": {"field": f"{spec.path(spec.sparse)}.{token}", "linear": {}, "boost": weight}}
        for token, weight in kept.items()
    ]
    return {"bool": {"should": features}}
