"""A snapshot of an index to read page by page, and what of each document is read."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..common.scan import KEEP_ALIVE
from ..request import Request, index_path


def open_snapshot(index: str) -> Request:
    # Without a word OpenSearch makes one that leaves out the shards that are nowhere at the moment.
    path = f"/_search/point_in_time?keep_alive={KEEP_ALIVE}&allow_partial_pit_creation=false"
    return Request("POST", index_path(index, path))


def snapshot_id(answer: Mapping[str, Any]) -> str:
    return str(answer["pit_id"])


def close_snapshot(id: str) -> Request:
    return Request("DELETE", "/_search/point_in_time", {"pit_id": [id]})


def mget_path(excluded: Sequence[str]) -> str:
    """Where documents are read by id, without these fields."""
    return "/_mget" + (f"?_source_excludes={','.join(excluded)}" if excluded else "")


def source_filter(excluded: Sequence[str]) -> dict[str, Any]:
    """Everything of a document but these fields."""
    return {"excludes": list(excluded)}
