"""The OpenSearch dialect: pure functions from values to request bodies, and from answers to values."""

from .bulk import ItemFailure, bulk_lines, parse_bulk
from .document import vector_fields
from .hits import Hit, Hits, Key, parse_hits
from .mapping import index_body, index_settings, own_properties
from .query import DensePlan, bm25_query, dense_body, dense_plan, filtered, sparse_query
from .reasons import reason_of
from .sparse import escape_token, feature_weights, query_weights, unescape_token

__all__ = [
    "DensePlan",
    "Hit",
    "Hits",
    "ItemFailure",
    "Key",
    "bm25_query",
    "bulk_lines",
    "dense_body",
    "dense_plan",
    "escape_token",
    "feature_weights",
    "filtered",
    "index_body",
    "index_settings",
    "own_properties",
    "parse_bulk",
    "parse_hits",
    "query_weights",
    "reason_of",
    "sparse_query",
    "unescape_token",
    "vector_fields",
]
