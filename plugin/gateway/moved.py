"""What an answer says of the spec that a write was made by: the alias may have moved meanwhile, or be about to."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from outrider.connectors import IndexSpec

Told = Mapping[str, Any]

_FORBIDDEN = 403
_REFUSED = (400, _FORBIDDEN)
_SHORTEST_S = 0.1
_LONGEST_S = 0.5


def is_elsewhere(told: Told, home: str) -> bool:
    """Whether it was written to another index than the one that the spec is from."""
    return bool(told.get("_index", home) != home)


def is_in_doubt(told: Told, home: str) -> bool:
    """Whether the spec is to be read again before anything is made of this answer."""
    return is_elsewhere(told, home) or told.get("status") in _REFUSED


def goes_again(told: Told, before: IndexSpec | None, now: IndexSpec | None) -> bool:
    """Whether a refused write is made again: the spec has changed, or a migration is just moving the alias."""
    if told.get("status") not in _REFUSED or now is None:
        return False
    if told["status"] == _FORBIDDEN:
        return now.follower is not None and _type_of(told) == "cluster_block_exception"
    return before is not None and before != now


async def tries(patience_s: float) -> AsyncIterator[None]:
    """A first try at once, then others after pauses."""
    end_s = time.monotonic() + patience_s
    pause_s = _SHORTEST_S
    yield
    while time.monotonic() + pause_s < end_s:
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_S)
        yield


def _type_of(told: Told) -> str:
    error = told.get("error")
    return str(error.get("type")) if isinstance(error, Mapping) else ""
