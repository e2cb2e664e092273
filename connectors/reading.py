"""Every document of an index as it is at one moment, for those who only read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .backfill.snapshot import close_snapshot, open_snapshot
from .client import Cluster
from .common.scan import page_body, parse_page

_PAGE = 500


def read_documents(cluster: Cluster, index: str, fields: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Id and these fields of each document, in no particular order. Raises ClusterUnavailable or RequestRefused."""
    snapshot = open_snapshot(cluster, index)
    source = {"includes": list(dict.fromkeys(fields))}
    after: Sequence[Any] | None = None
    try:
        while True:
            body = page_body(snapshot.id, snapshot.sort, _PAGE, 0, 1, after, source)
            page, after = parse_page(cluster.read("POST", "/_search", body))
            yield from ((each.place.id, each.source) for each in page)
            if len(page) < _PAGE:
                return
    finally:
        close_snapshot(cluster, snapshot.id)
