"""Bulk bodies, and what a bulk answered about each document."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .reasons import reason_of

RETRIABLE = frozenset((429, 502, 503, 504))


@dataclass(frozen=True, slots=True)
class ItemFailure:
    status: int
    reason: str

    @property
    def is_retriable(self) -> bool:
        return self.status in RETRIABLE


def bulk_lines(documents: Iterable[tuple[str, bytes]]) -> bytes:
    """Documents by id, each already JSON, as the body of one bulk; an existing document is replaced."""
    return b"".join(
        b'{"index":{"_id":' + json.dumps(id).encode() + b"}}\n" + source + b"\n" for id, source in documents
    )


def parse_bulk(response: Mapping[str, Any]) -> list[ItemFailure | None]:
    """One entry a document, in order: None where it is stored."""
    return [_failure(next(iter(item.values()))) for item in response["items"]]


def _failure(item: Mapping[str, Any]) -> ItemFailure | None:
    if "error" not in item:
        return None
    return ItemFailure(item["status"], reason_of(item["error"]))
