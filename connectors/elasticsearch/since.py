"""Which release of Elasticsearch was the first to understand what."""

from collections.abc import Mapping
from typing import Literal

Version = tuple[int, ...]
Feature = Literal[
    "sparse_vector",
    "sparse_vector query",
    "sparse_vector prune option",
    "rescore_vector",
    "exclude_vectors",
]

# Several where a later line had it before: 8.19 came out beside 9.1.
SINCE: Mapping[Feature, tuple[Version, ...]] = {
    "sparse_vector": ((8, 11),),
    "sparse_vector query": ((8, 15),),
    "sparse_vector prune option": ((8, 19), (9, 1)),
    "rescore_vector": ((8, 18),),
    "exclude_vectors": ((9, 2),),
}


def has(version: Version, feature: Feature) -> bool:
    """Whether this version understands the feature."""
    firsts = SINCE[feature]
    return any(version >= first and (version[0] == first[0] or first == firsts[-1]) for first in firsts)
