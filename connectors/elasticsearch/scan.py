"""A snapshot of an index to read page by page, and what of each document is read."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..common.scan import KEEP_ALIVE
from ..request import Request, index_path
from .since import Version, has


def open_snapshot(index: str) -> Request:
    return Request("POST", index_path(index, f"/_pit?keep_alive={KEEP_ALIVE}"))


def snapshot_id(answer: Mapping[str, Any]) -> str:
    return str(answer["id"])


def close_snapshot(id: str) -> Request:
    return Request("DELETE", "/_pit", {"id": id})


def source_filter(version: Version, excluded: Sequence[str]) -> dict[str, Any]:
    """Everything of a document but these fields: also vectors, which are left out by default since 9.2."""
    body: dict[str, Any] = {"excludes": list(excluded)}
    return {**body, "exclude_vectors": False} if has(version, "exclude_vectors") else body
