"""What the searches of a question's legs found: rankings of documents, or of groups that count as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .boosts import factor
from .common.hits import Hit, Key
from .spec import IndexSpec


@dataclass(frozen=True, slots=True)
class Group:
    """The documents that have the same value in a field."""

    value: Any


Item = Key | Group
Ranked = Sequence[tuple[Item, float]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Rankings by leg, best first. `factors` are what business fields multiply by.

    `heads` are the documents that stand for an item, the best ranked first: itself, or the best of a group by each leg.
    """

    rankings: dict[str, Ranked]
    factors: Mapping[Item, float]
    heads: Mapping[Item, tuple[Key, ...]]

    def reachable(self, window: int) -> int:
        """How many items the first windows have between them."""
        return len({item for ranking in self.rankings.values() for item, _ in ranking[:window]})


def gather(spec: IndexSpec, found: Mapping[str, Sequence[Hit]], now_ms: float, collapse: str | None) -> Gathered:
    """The hits of each leg as rankings; with `collapse`, of the groups by that field, each as its best document."""
    rankings: dict[str, Ranked] = {}
    factors: dict[Item, float] = {}
    places: dict[Item, list[tuple[int, Key]]] = {}
    for leg, hits in found.items():
        scores: dict[Item, float] = {}
        for hit in hits:
            item = _item(hit, collapse)
            if item in scores:
                continue
            places.setdefault(item, []).append((len(scores), hit.key))
            scores[item] = hit.score
            if spec.boosts:
                factors.setdefault(item, factor(spec.boosts, hit.fields, now_ms))
        rankings[leg] = list(scores.items())
    heads = {item: _best_first(each) for item, each in places.items()}
    return Gathered(rankings, factors, heads)


def _item(hit: Hit, collapse: str | None) -> Item:
    if collapse is None:
        return hit.key
    return Group(next(iter(hit.fields.get(collapse, ())), None))


def _best_first(places: Sequence[tuple[int, Key]]) -> tuple[Key, ...]:
    return tuple(dict.fromkeys(key for _, key in sorted(places, key=lambda pair: pair[0])))
