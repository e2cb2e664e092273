"""The rankings of an index's legs made one, as its spec says."""

from collections.abc import Mapping

from .fusion import Factors, Id, Scored, divided, fuse_in_blocks
from .spec import IndexSpec


def without_boosts(spec: IndexSpec, words: Scored[Id], factors: Factors[Id]) -> list[tuple[Id, float]]:
    """The ranking by words, which the engine multiplied, as words alone score; each window of it in that order."""
    return divided(words, factors, spec.window)


def fuse_legs(spec: IndexSpec, rankings: Mapping[str, Scored[Id]], factors: Factors[Id]) -> list[tuple[Id, float]]:
    """The rankings by leg, none with boosts, fused; each document's score multiplied by its factor."""
    weights = [getattr(spec.weights, leg) for leg in rankings]
    return fuse_in_blocks(list(rankings.values()), weights, spec.fusion, spec.window, spec.rank_constant, factors)
