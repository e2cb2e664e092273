"""How many documents an index has."""

from typing import Any

from .client import Reader
from .request import index_path


def refresh(cluster: Reader, index: str) -> None:
    """Let searches and counts see what was written until now. It changes nothing, and no shard may be left out."""
    cluster.read("POST", index_path(index, "/_refresh"))


def count(cluster: Reader, index: str, query: dict[str, Any] | None = None) -> int:
    """How many documents match, of those that a search sees."""
    body = {"query": query} if query else None
    return int(cluster.read("POST" if body else "GET", index_path(index, "/_count"), body)["count"])


def count_written(cluster: Reader, index: str, query: dict[str, Any] | None = None) -> int:
    """The same, with all that was written until now."""
    refresh(cluster, index)
    return count(cluster, index, query)
