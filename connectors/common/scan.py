"""Reading a whole index as it was at one moment, in slices, and writing back only what nobody changed since."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .whole import require_whole

KEEP_ALIVE = "30m"  # every page asks for it again
# By the document's place in its shard, which costs nothing; older versions know only the id, which costs heap.
SORTS = ("_shard_doc", "_id")

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document is, and which version of it was read."""

    index: str
    id: str
    routing: str | None
    seq_no: int
    primary_term: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it was read."""

    place: Place
    source: Mapping[str, Any]


def page_body(
    pit: str, sort: str, size: int, slice_number: int, slices: int, after: Sequence[Any] | None, source: Body | bool
) -> dict[str, Any]:
    """The next documents of one slice; `source` says what of them, in the engine's own words."""
    body: dict[str, Any] = {
        "pit": {"id": pit, "keep_alive": KEEP_ALIVE},
        "sort": [{sort: "asc"}],
        "size": size,
        "seq_no_primary_term": True,
        "track_total_hits": False,
        "_source": source,
    }
    if slices > 1:
        body["slice"] = {"id": slice_number, "max": slices}
    if after is not None:
        body["search_after"] = list(after)
    return body


def parse_page(response: Mapping[str, Any]) -> tuple[list[Stored], list[Any] | None]:
    """The documents, and where to go on; None at the end. Raises PartialAnswer: half a page is not the last one."""
    require_whole(response, "reading a snapshot")
    hits = response["hits"]["hits"]
    return [stored(hit) for hit in hits], hits[-1]["sort"] if hits else None


def stored(hit: Mapping[str, Any]) -> Stored:
    """A hit of a search or an _mget."""
    place = Place(hit["_index"], hit["_id"], hit.get("_routing"), hit["_seq_no"], hit["_primary_term"])
    return Stored(place, hit.get("_source", {}))


def mget_body(places: Iterable[Place]) -> dict[str, Any]:
    """These documents as they are now."""
    return {
        "docs": [
            {
                "_index": place.index,
                "_id": place.id,
                **({"routing": place.routing} if place.routing else {}),
            }
            for place in places
        ]
    }


def rewrite_lines(documents: Iterable[tuple[Place, bytes]]) -> bytes:
    """One bulk that replaces documents, each only if nobody has written it since it was read.

    No ingest pipeline runs: what is written back went through it when it was first written.
    """
    return b"".join(_action(place) + b"\n" + source + b"\n" for place, source in documents)


def _action(place: Place) -> bytes:
    return json.dumps({"index": _where(place)}).encode()


def _where(place: Place) -> dict[str, Any]:
    return {
        "_index": place.index,
        "_id": place.id,
        "if_seq_no": place.seq_no,
        "if_primary_term": place.primary_term,
        "pipeline": "_none",
        **({"routing": place.routing} if place.routing else {}),
    }


def put_line(found: Place | None, place: Place) -> bytes:
    """The action that stores a document: over the version that was found, or only where there is none."""
    if found is not None:
        return _action(found)
    routed = {"routing": place.routing} if place.routing else {}
    return json.dumps({"create": {"_index": place.index, "_id": place.id, "pipeline": "_none", **routed}}).encode()


def delete_lines(places: Iterable[Place]) -> bytes:
    """One bulk that deletes documents, each only if nobody has written it since it was read."""
    actions = ({name: value for name, value in _where(place).items() if name != "pipeline"} for place in places)
    return b"".join(json.dumps({"delete": action}).encode() + b"\n" for action in actions)
