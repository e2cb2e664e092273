"""Relevance out of a click log, corrected for how likely each place of a result list is looked at.

The position-based model (Craswell et al. 2008, section 3; Chuklin, Markov and de Rijke 2015, section 3.3): a result is
clicked where its place is looked at and it is relevant, each with a chance of its own.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import CollectionInvalid
from .examples import normalised

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROUNDS = 200
_CLOSE = 1e-5
_LEAST = 0.01  # a chance below this would let one click count a hundredfold


@dataclass(frozen=True)
class ClickLog:
    """One row for each result shown: which (query, document) pair, at which place from 0, clicked or not."""

    queries: tuple[str, ...]
    pairs: tuple[tuple[int, str], ...]
    pair: Ints
    place: Ints
    clicked: Floats

    @property
    def moved(self) -> float:
        """The share of views of pairs that were shown at more than one place: what a click model can learn from."""
        first = np.full(len(self.pairs), -1)
        first[self.pair[::-1]] = self.place[::-1]
        has_moved = np.zeros(len(self.pairs), dtype=bool)
        np.logical_or.at(has_moved, self.pair, self.place != first[self.pair])
        return float(has_moved[self.pair].mean()) if len(self.pair) else 0.0


def read_clicks(path: Path) -> ClickLog:
    """Read a log of searches. Raises CollectionInvalid with the line."""
    names: dict[str, int] = {}
    texts: list[str] = []
    pairs: dict[tuple[int, str], int] = {}
    views: list[tuple[int, int, bool]] = []
    for query, results, clicks in _searches(path):
        key = normalised(query)
        if key not in names:
            names[key] = len(texts)
            texts.append(query)
        for place, document in enumerate(results):
            pair = pairs.setdefault((names[key], document), len(pairs))
            views.append((pair, place, document in clicks))
    if not any(clicked for _, _, clicked in views):
        raise CollectionInvalid(f"the click log {str(path)!r} has no click on a result that was shown")
    columns = np.asarray(views)
    return ClickLog(tuple(texts), tuple(pairs), columns[:, 0], columns[:, 1], columns[:, 2].astype(np.float64))


def estimate_propensities(log: ClickLog) -> Floats:
    """The chance that each place is looked at, that of the first being 1, by expectation maximisation.

    Only pairs that were shown at several places tell places and relevance apart.
    """
    places, pairs = int(log.place.max()) + 1, len(log.pairs)
    seen = 1 / np.sqrt(np.arange(1, places + 1))
    # One view, half of it clicked, is known of each pair beforehand: a pair seen once is neither certain nor hopeless.
    views = np.bincount(log.pair, minlength=pairs) + 1.0
    relevant = (np.bincount(log.pair, log.clicked, pairs) + 0.5) / views
    shown = np.maximum(np.bincount(log.place, minlength=places), 1)
    for _ in range(_ROUNDS):
        theta, gamma = seen[log.place], relevant[log.pair]
        unclicked = np.maximum(1 - theta * gamma, 1e-12)
        looked = np.where(log.clicked > 0, 1.0, theta * (1 - gamma) / unclicked)
        liked = np.where(log.clicked > 0, 1.0, gamma * (1 - theta) / unclicked)
        relevant = (np.bincount(log.pair, liked, pairs) + 0.5) / views
        fresh = np.bincount(log.place, looked, places) / shown
        moved = float(np.abs(fresh - seen).max())
        seen = fresh
        if moved < _CLOSE:
            break
    return np.asarray(np.clip(seen / seen[0], _LEAST, 1.0))


def relevance(log: ClickLog, propensities: Sequence[float] | Floats) -> Floats:
    """Each pair's chance to be clicked where it is looked at.

    Clicks over views that were looked at: inverse propensity weighting (Joachims, Swaminathan and Schnabel 2017,
    section 4) in its self-normalised form, drawn to the log's mean by as much as one view weighs.
    """
    chances = np.maximum(np.asarray(propensities, dtype=np.float64), _LEAST)
    # Places below the last one that was given are looked at as often as that.
    looked = chances[np.minimum(log.place, len(chances) - 1)]
    pairs = len(log.pairs)
    mean = log.clicked.sum() / looked.sum()
    clicks = np.bincount(log.pair, log.clicked, pairs) + mean
    return np.asarray(np.minimum(clicks / (np.bincount(log.pair, looked, pairs) + 1.0), 1.0))


def graded(log: ClickLog, values: Floats, minimum_views: int) -> dict[str, dict[str, float]]:
    """By query, each document's share of the relevance of the query's best; only pairs that were shown often enough."""
    views = np.bincount(log.pair, minlength=len(log.pairs))
    clicks = np.bincount(log.pair, log.clicked, len(log.pairs))
    found: dict[int, dict[str, float]] = {}
    clicked: set[int] = set()
    for (query, document), value, seen, times in zip(log.pairs, values, views, clicks, strict=True):
        if seen >= minimum_views:
            found.setdefault(query, {})[document] = float(value)
            clicked |= {query} if times else set()
    return {
        log.queries[query]: {document: value / max(values.values()) for document, value in values.items()}
        for query, values in found.items()
        if query in clicked
    }


def _searches(path: Path) -> Iterator[tuple[str, list[str], set[str]]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "it is not UTF-8"
        raise CollectionInvalid(f"the click log {str(path)!r} cannot be read: {reason}") from err
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            search: Any = json.loads(line)
            results, clicks = search["results"], search["clicks"]
            if not isinstance(search["query"], str) or not isinstance(results, list) or not isinstance(clicks, list):
                raise TypeError("`query` is a text, `results` and `clicks` are lists")
        except (ValueError, KeyError, TypeError) as err:
            raise CollectionInvalid(f"the click log {str(path)!r}, line {number}: {err!r}") from err
        if search["query"].strip():
            yield search["query"], [str(each) for each in results], {str(each) for each in clicks}
