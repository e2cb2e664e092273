"""A snapshot of an index to read page by page, and what of each document is read."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..capabilities import Version
from ..common.scan import KEEP_ALIVE
from ..request import Request, index_path
from .since import has


def open_snapshot(index: str) -> Request:
    return Request("POST", index_path(index, f"/_pit?keep_alive={KEEP_ALIVE}"))


def snapshot_id(answer: Mapping[str, Any]) -> str:
    return str(answer["id"])


def close_snapshot(id: str) -> Request:
    return Request("DELETE", "/_pit", {"id": id})


def mget_path(version: Version, excluded: Sequence[str]) -> str:
    """Where documents are read by id, without these fields, but with all other vectors."""
    names = [f"_source_excludes={','.join(excluded)}"] if excluded else []
    vectors = ["_source_exclude_vectors=false"] if has(version, "exclude_vectors") else []
    return "/_mget" + ("?" + "&".join([*names, *vectors]) if names or vectors else "")


def source_filter(version: Version, excluded: Sequence[str]) -> dict[str, Any]:
    """Everything of a document but these fields: also vectors, which are left out by default since 9.2."""
    body: dict[str, Any] = {"excludes": list(excluded)}
    return {**body, "exclude_vectors": False} if has(version, "exclude_vectors") else body
