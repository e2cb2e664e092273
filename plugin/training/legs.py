"""Rankings of a document collection in memory, by the models as they are served."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from outrider.encoders import Model, SparseVector

Scored = list[tuple[str, float]]
Progress = Callable[[int, int], None]
_AT_ONCE = 256


class Leg(Protocol):
    """One ranking of the documents."""

    def rank(self, queries: Sequence[str], depth: int) -> list[Scored]:
        """The best `depth` documents of each query, best first."""


class DenseLeg:
    """All documents by their vectors' similarity with the query's, exactly."""

    def __init__(self, model: Model, documents: Mapping[str, str], on_progress: Progress | None = None) -> None:
        self._model, self._ids = model, list(documents)
        self._rows = _normalised(np.concatenate(list(_in_parts(model, list(documents.values()), on_progress))), model)

    def rank(self, queries: Sequence[str], depth: int) -> list[Scored]:
        """The best `depth` documents of each query, best first."""
        found = []
        for start in range(0, len(queries), _AT_ONCE):
            vectors = _normalised(self._model.encode_query(queries[start : start + _AT_ONCE]), self._model)
            found += [_best(scores, self._ids, depth) for scores in vectors @ self._rows.T]
        return found


class SparseLeg:
    """All documents by the dot product of term weights; a document that shares no term is not found."""

    def __init__(self, model: Model, documents: Mapping[str, str], on_progress: Progress | None = None) -> None:
        self._model, self._ids = model, list(documents)
        lists: dict[str, list[tuple[int, float]]] = {}
        place = 0
        for rows in _in_parts(model, list(documents.values()), on_progress):
            for row in rows:
                for term, weight in row.to_dict().items():
                    lists.setdefault(term, []).append((place, weight))
                place += 1
        self._postings = {
            term: tuple(np.asarray(column) for column in zip(*each, strict=True)) for term, each in lists.items()
        }

    def rank(self, queries: Sequence[str], depth: int) -> list[Scored]:
        """The best `depth` documents of each query, best first."""
        rows: list[SparseVector] = self._model.encode_query(queries)
        found = []
        for row in rows:
            scores = np.zeros(len(self._ids), dtype=np.float32)
            for term, weight in row.to_dict().items():
                if term in self._postings:
                    places, weights = self._postings[term]
                    scores[places] += weight * weights
            found.append([pair for pair in _best(scores, self._ids, depth) if pair[1] > 0])
        return found


def open_leg(model: Model, documents: Mapping[str, str], on_progress: Progress | None = None) -> Leg:
    """The ranking that this model makes."""
    kinds: dict[str, Callable[..., Leg]] = {"dense": DenseLeg, "sparse": SparseLeg}
    if model.kind not in kinds:
        raise ValueError(f"{model.name!r} is a {model.kind} model and ranks no collection by itself")
    return kinds[model.kind](model, documents, on_progress)


def _in_parts(model: Model, texts: Sequence[str], on_progress: Progress | None) -> Any:
    for start in range(0, len(texts), _AT_ONCE):
        yield model.encode_document(texts[start : start + _AT_ONCE])
        if on_progress:
            on_progress(min(start + _AT_ONCE, len(texts)), len(texts))


def _normalised(rows: npt.NDArray[np.float32], model: Model) -> npt.NDArray[np.float32]:
    if model.similarity != "cosine":
        return rows
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float32)


def _best(scores: npt.NDArray[np.float32], ids: Sequence[str], depth: int) -> Scored:
    depth = min(depth, len(ids))
    places = np.argpartition(-scores, depth - 1)[:depth]
    ordered = places[np.lexsort((places, -scores[places]))]
    return [(ids[place], float(scores[place])) for place in ordered]
