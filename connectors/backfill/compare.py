"""Which documents one index has and another one has not, by their ids."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..client import Cluster
from ..common.scan import Place, mget_body, parse_page
from .snapshot import close_snapshot, next_places, open_snapshot

_PAGE = 1000


def pages(
    cluster: Cluster, index: str, query: dict[str, Any], size: int, shard: str | None = None
) -> Iterator[list[Place]]:
    """The places of the documents that match now, `size` at a time; of all shards, or of one."""
    snapshot = open_snapshot(cluster, index, shard=shard)
    try:
        after: Sequence[Any] | None = None
        while True:
            page, after = parse_page(cluster.read("POST", "/_search", next_places(snapshot, size, after, query)))
            if after is None:
                return
            yield [each.place for each in page]
    finally:
        close_snapshot(cluster, snapshot.id)


def only_in(
    cluster: Cluster, index: str, other: str, on_page: Callable[[], None] = lambda: None
) -> Iterator[list[Place]]:
    """The documents of an index that another one has not, in pages: all are looked at."""
    for page in pages(cluster, index, {"match_all": {}}, _PAGE):
        on_page()
        asked = mget_body([Place(other, place.id, place.routing, 0, 0) for place in page])
        docs = cluster.read("POST", "/_mget?_source=false", asked)["docs"]
        if gone := [place for place, doc in zip(page, docs, strict=True) if not doc.get("found")]:
            yield gone
