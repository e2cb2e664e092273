"""An index as it is at one moment, to be read page by page."""

from .client import Cluster
from .common.scan import SORTS, page_body
from .errors import RequestRefused
from .request import index_path


def open_snapshot(cluster: Cluster, index: str) -> tuple[str, str]:
    """A snapshot of what is written until now, and the cheapest order that this version can read it in."""
    cluster.write("POST", index_path(index, "/_refresh"))
    dialect = cluster.dialect
    request = dialect.open_snapshot(index)
    pit = dialect.snapshot_id(cluster.write(request.method, request.path, request.body))
    for sort in SORTS[:-1]:
        try:
            cluster.read("POST", "/_search", page_body(pit, sort, 1, 0, 1, None, False))
        except RequestRefused:
            continue
        return pit, sort
    return pit, SORTS[-1]


def close_snapshot(cluster: Cluster, pit: str) -> None:
    """Let the cluster forget it."""
    request = cluster.dialect.close_snapshot(pit)
    cluster.write(request.method, request.path, request.body)
