"""Rankings into one ranking."""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Literal, TypeVar

Id = TypeVar("Id", bound=Hashable)
Scored = Sequence[tuple[Id, float]]
Factors = Mapping[Id, float]
Technique = Literal["min_max", "z_score", "l2", "rrf"]

# What OpenSearch's normalization-processor gives the last one found, so that it stays above those not found at all.
_FOUND = 0.001
_SINGLE_PRECISION = 1e-6


def fuse(
    rankings: Sequence[Scored[Id]], weights: Sequence[float], technique: Technique, rank_constant: int = 60
) -> list[tuple[Id, float]]:
    """Fuse rankings of (item, score), each best first, by rank ("rrf") or by normalised score; best first.

    Scores are between 0 and 1 for "min_max" and "rrf". A weight of 0 leaves a ranking out.
    """
    kept = [(ranking, weight) for ranking, weight in zip(rankings, weights, strict=True) if weight > 0]
    if technique == "rrf":
        orders = [[item for item, _ in ranking] for ranking, _ in kept]
        return reciprocal_rank_fusion(orders, rank_constant, [weight for _, weight in kept])
    normalise = _NORMALISE[technique]
    total = math.fsum(weight for _, weight in kept)
    shares = [{item: value * weight / total for item, value in normalise(ranking)} for ranking, weight in kept]
    return _summed(shares)


def fuse_in_blocks(
    rankings: Sequence[Scored[Id]],
    weights: Sequence[float],
    technique: Technique,
    window: int,
    rank_constant: int = 60,
    factors: Factors[Id] | None = None,
) -> list[tuple[Id, float]]:
    """Fuse the first `window` of each ranking, then the next, and so on: what is read deeper changes nothing above.

    Each block's scores are multiplied by `factors`, and scaled to begin where the one before ended.
    """
    fused: list[tuple[Id, float]] = []
    seen: set[Id] = set()
    for start in range(0, max(map(len, rankings), default=0), window):
        part = [ranking[start : start + window] for ranking in rankings]
        block = multiplied(fuse(part, weights, technique, rank_constant), factors or {})
        fresh = [(item, score) for item, score in block if item not in seen]
        ceiling = fused[-1][1] if fused else math.inf
        scale = ceiling / fresh[0][1] if fused and fresh and fresh[0][1] else 1.0
        fused += [(item, min(score * scale, ceiling)) for item, score in fresh]  # min: the product is rounded
        seen.update(item for item, _ in fresh)
    return fused


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[Id]], rank_constant: int = 60, weights: Sequence[float] | None = None
) -> list[tuple[Id, float]]:
    """Fuse rankings by the sum of weight / (rank_constant + rank), ranks from 1, best first.

    Cormack, Clarke and Buettcher 2009. Ties keep the order of the first ranking that has them.
    """
    shares = [
        {item: weight / (rank_constant + rank) for rank, item in enumerate(ranking, start=1)}
        for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True)
    ]
    return _summed(shares)


def rerank(
    window: Scored[Id], scores: Sequence[float], weight: float, factors: Factors[Id] | None = None
) -> list[tuple[Id, float]]:
    """The fused window in the order of `weight` x the cross-encoder + (1 - weight) x the fusion, both min-max scaled.

    `factors` are those that the window's scores were multiplied with; they count for the blend as a whole.
    Scores are 1 to 2 (more with factors), or begin at the last fused score where that is above 1: whatever follows the
    window with its fused score stays below.
    """
    if not window:
        return []
    judged = sorted(zip((item for item, _ in window), map(float, scores), strict=True), key=lambda pair: -pair[1])
    first, second = dict(_min_max(divided(window, factors or {}))), dict(_min_max(judged))
    blended = [(item, weight * second[item] + (1 - weight) * first[item]) for item, _ in judged]
    floor = max(1.0, window[-1][1])
    return [(item, floor + score) for item, score in multiplied(blended, factors or {})]


def multiplied(ranking: Scored[Id], factors: Factors[Id]) -> list[tuple[Id, float]]:
    """Scores times the factors of those that have one, best first."""
    scores = [(item, score * factors.get(item, 1.0)) for item, score in ranking]
    return sorted(scores, key=lambda pair: -pair[1])


def divided(ranking: Scored[Id], factors: Factors[Id], block: int | None = None) -> list[tuple[Id, float]]:
    """A ranking with the factors taken out of its scores again, best first within each `block`.

    Scores that are the same but for the rounding of single precision come out the same: normalising them would make a
    little of it much. They keep their order.
    """
    if not factors:
        return list(ranking)
    inverse = {item: 1 / each for item, each in factors.items()}
    size = block or max(1, len(ranking))
    parts = (ranking[start : start + size] for start in range(0, len(ranking), size))
    return [pair for part in parts for pair in _levelled(part, multiplied(part, inverse))]


def _levelled(order: Scored[Id], ranking: Scored[Id]) -> list[tuple[Id, float]]:
    """A ranking whose equal scores are equal, those of one level in the order given."""
    levels: dict[Id, float] = {}
    level = math.inf
    for item, score in ranking:
        level = level if math.isclose(score, level, rel_tol=_SINGLE_PRECISION) else score
        levels[item] = level
    return sorted(((item, levels[item]) for item, _ in order), key=lambda pair: -pair[1])


def _summed(shares: Sequence[Mapping[Id, float]]) -> list[tuple[Id, float]]:
    parts: dict[Id, list[float]] = {}
    for share in shares:
        for item, value in share.items():
            parts.setdefault(item, []).append(value)
    # fsum: the same shares give the same score, whichever ranking they come from.
    scores = {item: math.fsum(values) for item, values in parts.items()}
    return sorted(scores.items(), key=lambda pair: -pair[1])


def _min_max(ranking: Scored[Id]) -> list[tuple[Id, float]]:
    """(score - lowest) / (highest - lowest); 1 where all are equal."""
    if not ranking:
        return []
    low, high = ranking[-1][1], ranking[0][1]
    if low == high:
        return [(item, 1.0) for item, _ in ranking]
    return [(item, max((score - low) / (high - low), _FOUND)) for item, score in ranking]


def _z_score(ranking: Scored[Id]) -> list[tuple[Id, float]]:
    """(score - mean) / standard deviation, of those above the mean; the others were found, no more."""
    values = [score for _, score in ranking]
    if not values:
        return []
    mean = math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    if deviation == 0:
        return [(item, 1.0) for item, _ in ranking]
    return [(item, max((score - mean) / deviation, _FOUND)) for item, score in ranking]


def _l2(ranking: Scored[Id]) -> list[tuple[Id, float]]:
    """score / the length of the vector of all scores."""
    length = math.sqrt(math.fsum(score * score for _, score in ranking))
    return [(item, score / length if length else 0.0) for item, score in ranking]


_NORMALISE: Mapping[str, Callable[[Scored[Id]], list[tuple[Id, float]]]] = {
    "min_max": _min_max,
    "z_score": _z_score,
    "l2": _l2,
}
