"""What a search answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ClusterError, ClusterUnavailable, RequestRefused
from .reasons import reason_of
from .whole import require_whole


@dataclass(frozen=True, slots=True)
class Key:
    """A document's place: an alias may stand for several indices."""

    index: str
    id: str


@dataclass(frozen=True, slots=True)
class Hit:
    """`fields` are values that were asked for by field, `chunks` the ranges of its best chunks, by what scored them."""

    key: Key
    score: float
    source: Mapping[str, Any]
    chunks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    fields: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hits:
    hits: tuple[Hit, ...]
    took_ms: float


def parse_hits(response: Mapping[str, Any], what: str) -> Hits:
    """The hits, best first. Raises ClusterError where a search failed, also where only a shard did."""
    if "error" in response:
        raise _error(what, response.get("status", 500), reason_of(response["error"]))
    require_whole(response, what)
    hits = tuple(
        Hit(
            key=Key(hit["_index"], hit["_id"]),
            score=float(hit["_score"] or 0.0),
            source=hit.get("_source", {}),
            chunks=_chunks(hit),
            fields=hit.get("fields", {}),
        )
        for hit in response["hits"]["hits"]
    )
    return Hits(hits, float(response["took"]))


def _chunks(hit: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    best = {name: each["hits"]["hits"][0]["_source"] for name, each in hit.get("inner_hits", {}).items() if _any(each)}
    return {name: (chunk["start"], chunk["stop"]) for name, chunk in best.items()}


def _any(inner: Mapping[str, Any]) -> bool:
    return bool(inner["hits"]["hits"])


def _error(what: str, status: int, reason: str) -> ClusterError:
    kind = ClusterUnavailable if status in (429, 502, 503, 504) else RequestRefused
    return kind(f"{what} failed with {status}: {reason}", status)
