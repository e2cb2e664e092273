"""Rankings into one ranking."""

import math
from collections.abc import Hashable, Sequence
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)


def reciprocal_rank_fusion(rankings: Sequence[Sequence[Id]], rank_constant: int = 60) -> list[tuple[Id, float]]:
    """Fuse rankings by the sum of 1 / (rank_constant + rank), ranks from 1, best first.

    Cormack, Clarke and Buettcher 2009. Ties keep the order of the first ranking that has them.
    """
    shares: dict[Id, list[float]] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            shares.setdefault(item, []).append(1.0 / (rank_constant + rank))
    # fsum: the same ranks give the same score, whichever ranking they come from.
    scores = {item: math.fsum(parts) for item, parts in shares.items()}
    return sorted(scores.items(), key=lambda pair: -pair[1])
