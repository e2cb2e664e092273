"""The Elasticsearch dialect: pure functions from values to request bodies, and from answers to values."""

from .document import vector_fields
from .fields import dense_field, sparse_field
from .mapping import index_body, own_properties
from .query import dense_body, dense_plan, exact_dense_query, sparse_query
from .scan import close_snapshot, mget_path, open_snapshot, snapshot_id, source_filter

__all__ = [
    "close_snapshot",
    "dense_body",
    "dense_field",
    "dense_plan",
    "exact_dense_query",
    "index_body",
    "mget_path",
    "open_snapshot",
    "own_properties",
    "snapshot_id",
    "source_filter",
    "sparse_field",
    "sparse_query",
    "vector_fields",
]
