"""Which release of OpenSearch was the first to understand what.

Read from the plugins' sources and release notes; 3.6 was asked itself (tests/connectors/opensearch).
"""

from collections.abc import Mapping
from typing import Literal

from ..capabilities import Version
from ..common.since import Firsts, understood

Feature = Literal[
    "rank fusion",
    "weighted rank fusion",
    "z_score",
    "pagination_depth",
    "batch_size",
    "semantic",
    "byte elements",
    "bit elements",
    "on_disk",
]

SINCE: Mapping[Feature, Firsts] = {
    "rank fusion": ((2, 19),),
    "weighted rank fusion": ((3, 2),),
    "z_score": ((3, 0),),
    "pagination_depth": ((2, 19),),
    "batch_size": ((2, 16),),
    "semantic": ((3, 1),),
    "byte elements": ((2, 9),),
    "bit elements": ((2, 16),),
    "on_disk": ((2, 17),),
}


def has(version: Version, feature: Feature) -> bool:
    """Whether this version understands the feature."""
    return understood(version, SINCE[feature])


def first(feature: Feature) -> str:
    """The release that brought it, as people write it."""
    return ".".join(map(str, SINCE[feature][0]))
