"""Query bodies that both engines understand."""

from collections.abc import Mapping
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
        {"rank_feature": {"field": f"{spec.sparse.name}.{token}", "linear": {}, "boost": weight}}
        for token, weight in kept.items()
    ]
    return {"bool": {"should": features}}
