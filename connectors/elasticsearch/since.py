"""Which release of Elasticsearch was the first to understand what.

Read from its sources and release notes; 8.19, 9.4 and 9.5 were asked themselves (tests/connectors/elasticsearch).
"""

from collections.abc import Mapping
from typing import Literal

from ..capabilities import Version
from ..common.since import Firsts, understood

Feature = Literal[
    "byte elements",
    "bit elements",
    "int8_hnsw",
    "int8_flat",
    "int4_hnsw",
    "int4_flat",
    "bbq_hnsw",
    "bbq_flat",
    "sparse_vector",
    "sparse_vector query",
    "sparse_vector prune option",
    "rescore_vector",
    "exclude_vectors",
]

# Several where a later line had it before: 8.19 came out beside 9.1.
SINCE: Mapping[Feature, Firsts] = {
    "byte elements": ((8, 6),),
    "bit elements": ((8, 15),),
    "int8_hnsw": ((8, 12),),
    "int8_flat": ((8, 13),),
    "int4_hnsw": ((8, 15),),
    "int4_flat": ((8, 15),),
    "bbq_hnsw": ((8, 16),),
    "bbq_flat": ((8, 16),),
    "sparse_vector": ((8, 11),),
    "sparse_vector query": ((8, 15),),
    "sparse_vector prune option": ((8, 19), (9, 1)),
    "rescore_vector": ((8, 18),),
    "exclude_vectors": ((9, 2),),
}


def has(version: Version, feature: Feature) -> bool:
    """Whether this version understands the feature."""
    return understood(version, SINCE[feature])
