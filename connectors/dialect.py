"""One engine's words for everything that connectors say to it: chosen once, by whose engine it is and which version."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import elasticsearch, opensearch
from .capabilities import Capabilities, Distribution, Version, version_tuple
from .common.query import DensePlan, Filter, Query, Question
from .ports import Encoded
from .request import Request
from .spec import DenseField, IndexSpec, SparseField

Body = dict[str, Any]
DenseBody = Callable[[IndexSpec, DensePlan, Question, int, Filter | None], Body]


@dataclass(frozen=True, slots=True)
class Dialect:
    """Pure functions from values to request bodies, and from answers to values.

    What both engines say alike is in `common`: bulks, hits, text queries, pages of a snapshot.
    """

    name: str
    version: Version
    dense_field: Callable[[Capabilities, int], DenseField]
    sparse_field: Callable[[Capabilities], SparseField]
    index_body: Callable[[IndexSpec], Body]
    own_properties: Callable[[IndexSpec], Body]
    vector_fields: Callable[[IndexSpec, Encoded], Body]
    sparse_query: Callable[[IndexSpec, Mapping[str, float]], Query]
    dense_plan: Callable[[IndexSpec, int], DensePlan]
    dense_body: DenseBody
    exact_dense_query: Callable[[IndexSpec, Sequence[float]], Query]
    open_snapshot: Callable[[str], Request]
    snapshot_id: Callable[[Mapping[str, Any]], str]
    close_snapshot: Callable[[str], Request]
    mget_path: Callable[[Sequence[str]], str]
    source_filter: Callable[[Sequence[str]], Body]


def dialect_for(distribution: Distribution, version: str) -> Dialect:
    """The words that this engine understands."""
    return _DIALECTS[distribution](version_tuple(version))


def _opensearch(version: Version) -> Dialect:
    return Dialect(
        name="OpenSearch",
        version=version,
        dense_field=opensearch.dense_field,
        sparse_field=opensearch.sparse_field,
        index_body=partial(opensearch.index_body, version),
        own_properties=partial(opensearch.own_properties, version),
        vector_fields=opensearch.vector_fields,
        sparse_query=opensearch.sparse_query,
        dense_plan=opensearch.dense_plan,
        dense_body=opensearch.dense_body,
        exact_dense_query=opensearch.exact_dense_query,
        open_snapshot=opensearch.open_snapshot,
        snapshot_id=opensearch.snapshot_id,
        close_snapshot=opensearch.close_snapshot,
        mget_path=opensearch.mget_path,
        source_filter=opensearch.source_filter,
    )


def _elasticsearch(version: Version) -> Dialect:
    return Dialect(
        name="Elasticsearch",
        version=version,
        dense_field=elasticsearch.dense_field,
        sparse_field=elasticsearch.sparse_field,
        index_body=partial(elasticsearch.index_body, version),
        own_properties=partial(elasticsearch.own_properties, version),
        vector_fields=elasticsearch.vector_fields,
        sparse_query=partial(elasticsearch.sparse_query, version),
        dense_plan=elasticsearch.dense_plan,
        dense_body=partial(elasticsearch.dense_body, version),
        exact_dense_query=elasticsearch.exact_dense_query,
        open_snapshot=elasticsearch.open_snapshot,
        snapshot_id=elasticsearch.snapshot_id,
        close_snapshot=elasticsearch.close_snapshot,
        mget_path=partial(elasticsearch.mget_path, version),
        source_filter=partial(elasticsearch.source_filter, version),
    )


_DIALECTS: Mapping[Distribution, Callable[[Version], Dialect]] = {
    "opensearch": _opensearch,
    "elasticsearch": _elasticsearch,
}
