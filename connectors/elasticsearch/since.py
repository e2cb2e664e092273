"""Which release of Elasticsearch was the first to understand what."""

from collections.abc import Mapping
from typing import Literal

from ..common.since import Firsts, understood

Version = tuple[int, ...]
Feature = Literal[
    "sparse_vector",
    "sparse_vector query",
    "sparse_vector prune option",
    "rescore_vector",
    "exclude_vectors",
]

# Several where a later line had it before: 8.19 came out beside 9.1.
SINCE: Mapping[Feature, Firsts] = {
    "sparse_vector": ((8, 11),),
    "sparse_vector query": ((8, 15),),
    "sparse_vector prune option": ((8, 19), (9, 1)),
    "rescore_vector": ((8, 18),),
    "exclude_vectors": ((9, 2),),
}


def has(version: Version, feature: Feature) -> bool:
    """Whether this version understands the feature."""
    return understood(version, SINCE[feature])
