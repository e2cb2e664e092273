"""An engine's error as one readable sentence."""

from collections.abc import Mapping
from typing import Any


def reason_of(error: Any) -> str:
    """The innermost reason of an error object: the outer ones only say that something failed."""
    if not isinstance(error, Mapping):
        return str(error)
    reasons = [error]
    while isinstance(cause := _cause(reasons[-1]), Mapping):
        reasons.append(cause)
    told = dict.fromkeys(str(each["reason"]) for each in (reasons[0], reasons[-1]) if each.get("reason"))
    return ": ".join(told) or str(error.get("type", error))


def _cause(error: Mapping[str, Any]) -> Any:
    failed_shards = error.get("failed_shards")
    if failed_shards:
        return failed_shards[0].get("reason")
    return error.get("caused_by")
