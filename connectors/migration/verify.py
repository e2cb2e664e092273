"""Whether one index holds what another does, with the vectors that its models make."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..client import Cluster
from ..common.scan import stored
from ..counting import count_written
from ..documents import ID_KEY, Document, prepare
from ..enrich import Enriched, enrich
from ..ports import Encoder
from ..request import index_path
from ..spec import IndexSpec

_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Verification:
    """Documents in both indices, how many were encoded again, and the ids of those whose vectors differ."""

    old_count: int
    new_count: int
    sampled: int
    differing: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return self.old_count == self.new_count and not self.differing

    def __str__(self) -> str:
        right = self.sampled - len(self.differing)
        return (
            f"{self.new_count} of {self.old_count} documents, {right} of {self.sampled} sampled ones with the vectors "
            f"that the models give" + (f"; not {', '.join(self.differing[:10])}" if self.differing else "")
        )


def verify(
    cluster: Cluster, old: str, spec: IndexSpec, encoder: Encoder, *, samples: int, seed: int = 0
) -> Verification:
    """Count, and encode a random sample again."""
    counts = count_written(cluster, old), count_written(cluster, spec.index)
    body = {
        "size": samples,
        "query": {
            "function_score": {
                "query": {"term": {f"{spec.marker}.state": "encoded"}},
                "functions": [{"random_score": {"seed": seed, "field": "_seq_no"}}],
            }
        },
        "seq_no_primary_term": True,
        "_source": cluster.dialect.source_filter([]),
    }
    answer = cluster.read("POST", index_path(spec.index, "/_search"), body)
    page = [stored(hit) for hit in answer["hits"]["hits"]]
    by_id = replace(spec, id_field=None)
    documents = [Document(n, {**each.source, ID_KEY: each.place.id}) for n, each in enumerate(page, start=1)]
    prepared = [prepare(by_id, document) for document in documents]
    fresh = enrich(cluster.dialect, spec, encoder, prepared)
    differing = [
        each.place.id
        for each, again in zip(page, fresh, strict=True)
        if not (isinstance(again, Enriched) and _same_vectors(spec, each.source, again.source))
    ]
    return Verification(*counts, len(page), tuple(differing))


def _same_vectors(spec: IndexSpec, stored: Mapping[str, Any], fresh: Mapping[str, Any]) -> bool:
    return all(_alike(stored.get(name), fresh.get(name)) for name in spec.vector_fields)


def _alike(one: Any, other: Any) -> bool:
    """Vectors by their direction, weights one by one, ranges exactly; whatever the engine keeps them as."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        weights = all(isinstance(value, int | float) for value in [*one.values(), *other.values()])
        if weights and "start" not in one:
            return _close_weights(one, other)
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and one and isinstance(one[0], Mapping):
        return isinstance(other, list) and len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, int) or one is None:
        return bool(one == other)
    return _cosine(_numbers(one), _numbers(other)) > 1 - _TOLERANCE


def _close_weights(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """What one has and the other lacks must be next to nothing."""
    highest = max([*one.values(), *other.values()], default=0.0)
    return all(
        math.isclose(one.get(key, 0.0), other.get(key, 0.0), rel_tol=_TOLERANCE, abs_tol=_TOLERANCE * highest)
        for key in {*one, *other}
    )


def _numbers(stored: Any) -> "np.ndarray[Any, Any]":
    if isinstance(stored, str):
        return np.frombuffer(base64.b64decode(stored), dtype=">f4").astype(np.float64)
    return np.asarray(stored if isinstance(stored, Sequence) else [], dtype=np.float64)


def _cosine(one: "np.ndarray[Any, Any]", other: "np.ndarray[Any, Any]") -> float:
    if one.shape != other.shape:
        return -1.0
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths else 1.0
