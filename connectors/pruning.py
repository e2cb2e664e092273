"""Which terms of a learned-sparse vector are kept, and which of a query's are asked for first."""

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import BadSpec

Terms = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Pruning:
    """Terms that weigh at least `ratio` of the heaviest; of those, the `top_k` heaviest. Unless given, all."""

    ratio: float = 0.0
    top_k: int | None = None

    def __post_init__(self) -> None:
        _check_ratio("prune", self.ratio)
        if self.top_k is not None and self.top_k < 1:
            raise BadSpec(f"prune: top_k is {self.top_k}; it must be 1 or more, or left out")

    def kept(self, terms: Terms) -> dict[str, float]:
        """The terms that are left, in their order; the first of equals where `top_k` cuts between them."""
        least = self.ratio * max(terms.values(), default=0.0)
        kept = {term: weight for term, weight in terms.items() if weight >= least}
        if self.top_k is None or len(kept) <= self.top_k:
            return kept
        heaviest = set(heapq.nsmallest(self.top_k, kept, key=lambda term: (-kept[term], term)))
        return {term: weight for term, weight in kept.items() if term in heaviest}


@dataclass(frozen=True, slots=True)
class TwoPhase:
    """A query by its heavy terms, those of at least `ratio` of the heaviest; the best `window` of a shard by all terms.

    What only light terms would find is not found, and what is heavy in light terms may be missed; scores are exact.
    """

    ratio: float = 0.4
    window: int = 500

    def __post_init__(self) -> None:
        _check_ratio("two_phase", self.ratio)
        if self.window < 1:
            raise BadSpec(f"two_phase: window is {self.window}; it must be at least 1")

    def heavy(self, terms: Terms) -> dict[str, float]:
        """The terms of the first phase."""
        return Pruning(self.ratio).kept(terms)


def _check_ratio(what: str, ratio: float) -> None:
    if not (math.isfinite(ratio) and 0 <= ratio <= 1):
        raise BadSpec(f"{what}: ratio is {ratio}; it must be a number between 0 and 1")
