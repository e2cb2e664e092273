"""Every document of an index as it is at one moment, for those who only read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .client import Cluster
from .index import index_path
from .opensearch.scan import KEEP_ALIVE, SORTS

_PAGE = 500


def read_documents(cluster: Cluster, index: str, fields: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Id and these fields of each document, in no particular order. Raises ClusterUnavailable or RequestRefused."""
    pit = cluster.write("POST", index_path(index, f"/_search/point_in_time?keep_alive={KEEP_ALIVE}"))["pit_id"]
    after: list[Any] | None = None
    try:
        while True:
            body: dict[str, Any] = {
                "pit": {"id": pit, "keep_alive": KEEP_ALIVE},
                "sort": [{SORTS[-1]: "asc"}],
                "size": _PAGE,
                "track_total_hits": False,
                "_source": {"includes": list(dict.fromkeys(fields))},
            }
            hits = cluster.read("POST", "/_search", body | ({"search_after": after} if after else {}))["hits"]["hits"]
            for hit in hits:
                yield hit["_id"], hit.get("_source", {})
            if len(hits) < _PAGE:
                return
            after = hits[-1]["sort"]
    finally:
        cluster.write("DELETE", "/_search/point_in_time", {"pit_id": [pit]})
