"""Every document of an index as it is at one moment, for those who only read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .client import Cluster
from .common.scan import SORTS, page_body, parse_page

_PAGE = 500


def read_documents(cluster: Cluster, index: str, fields: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Id and these fields of each document, in no particular order. Raises ClusterUnavailable or RequestRefused."""
    dialect = cluster.dialect
    opened = dialect.open_snapshot(index)
    snapshot = dialect.snapshot_id(cluster.write(opened.method, opened.path, opened.body))
    source = {"includes": list(dict.fromkeys(fields))}
    after: Sequence[Any] | None = None
    try:
        while True:
            page, after = parse_page(
                cluster.read("POST", "/_search", page_body(snapshot, SORTS[0], _PAGE, 0, 1, after, source))
            )
            yield from ((each.place.id, each.source) for each in page)
            if len(page) < _PAGE:
                return
    finally:
        closed = dialect.close_snapshot(snapshot)
        cluster.write(closed.method, closed.path, closed.body)
