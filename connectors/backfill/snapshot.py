"""An index as it is at one moment, to be read page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..client import Cluster
from ..common.scan import SORTS, page_body
from ..counting import refresh
from ..errors import PartialAnswer, RequestRefused


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Its id, and the cheapest order that this version of the engine can read it in."""

    id: str
    sort: str


def open_snapshot(cluster: Cluster, index: str, *, shard: str | None = None) -> Snapshot:
    """A snapshot of an index, or of one of its shards, with everything that was written until now."""
    refresh(cluster, index)
    dialect = cluster.dialect
    request = dialect.open_snapshot(index)
    path = request.path + (f"&preference=_shards:{shard}" if shard is not None else "")
    id = dialect.snapshot_id(cluster.read(request.method, path, request.body))
    for sort in SORTS[:-1]:
        try:
            cluster.read("POST", "/_search", page_body(id, sort, 1, 0, 1, None, False))
        except RequestRefused:
            continue
        return Snapshot(id, sort)
    return Snapshot(id, SORTS[-1])


def close_snapshot(cluster: Cluster, id: str) -> None:
    request = cluster.dialect.close_snapshot(id)
    cluster.write(request.method, request.path, request.body)


def is_open(cluster: Cluster, snapshot: Snapshot) -> bool:
    """Whether the cluster still has all of it: closed, not asked for too long, or lost with a node, it is gone."""
    try:
        cluster.read("POST", "/_search", page_body(snapshot.id, snapshot.sort, 0, 0, 1, None, False))
    except (RequestRefused, PartialAnswer):
        return False
    return True


def next_places(snapshot: Snapshot, size: int, after: Sequence[Any] | None, query: dict[str, Any]) -> dict[str, Any]:
    """The next documents that match, without what is in them."""
    return {**page_body(snapshot.id, snapshot.sort, size, 0, 1, after, False), "query": query}
