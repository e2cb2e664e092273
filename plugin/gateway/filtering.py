"""`filter_path` and `pretty`, for the answers that the gateway puts together itself."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson

_OWN = ("filter_path", "pretty", "format")


def parameters(query: bytes) -> dict[str, str]:
    """The parameters of a query string; the last one counts."""
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


def for_cluster(query: bytes) -> bytes:
    """The query string without what is about the form of the answer."""
    return b"&".join(part for part in query.split(b"&") if part.partition(b"=")[0].decode("latin-1") not in _OWN)


def written(answer: dict[str, Any], query: bytes) -> bytes:
    """The answer as JSON in the form that the query string asks for."""
    asked = parameters(query)
    if paths := asked.get("filter_path"):
        answer = filtered(answer, paths.split(","))
    if asked.get("pretty", "false") != "false":
        return (
            json.dumps(answer, indent=2, separators=(",", " : "), ensure_ascii=False).encode("utf-8", "surrogatepass")
            + b"\n"
        )
    return orjson.dumps(answer)


def filtered(answer: dict[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """What is left of an answer: what a path names and no path with a minus names."""
    wanted = [path.split(".") for path in paths if path and not path.startswith("-")]
    unwanted = [path[1:].split(".") for path in paths if path.startswith("-")]
    kept = _kept(answer, wanted) if wanted else answer
    left = _without(kept, unwanted) if unwanted else kept
    return left if isinstance(left, dict) else {}


def _kept(value: Any, paths: Sequence[Sequence[str]]) -> Any:
    """The parts of a value that the paths lead to; None where there are none."""
    if any(not path or path == ["**"] for path in paths):
        return value
    if isinstance(value, list):
        parts = [part for each in value if (part := _kept(each, paths)) is not None]
        return parts or None
    if not isinstance(value, dict):
        return None
    found = {}
    for key, inner in value.items():
        further = [rest for path in paths for rest in _beyond(path, key)]
        if further and (part := _kept(inner, further)) is not None:
            found[key] = part
    return found or None


def _without(value: Any, paths: Sequence[Sequence[str]]) -> Any:
    if isinstance(value, list):
        return [_without(each, paths) for each in value]
    if not isinstance(value, dict):
        return value
    left = {}
    for key, inner in value.items():
        further = [rest for path in paths for rest in _beyond(path, key)]
        if not any(not rest for rest in further):
            left[key] = _without(inner, further) if further else inner
    return left


def _beyond(path: Sequence[str], key: str) -> list[Sequence[str]]:
    """What is left of a path behind a key that it passes; nothing where it does not."""
    if not path:
        return []
    if path[0] == "**":
        return [path, *_beyond(path[1:], key)]
    return [path[1:]] if _matches(path[0], key) else []


def _matches(pattern: str, key: str) -> bool:
    if "*" not in pattern:
        return pattern == key
    head, *middle, tail = pattern.split("*")
    if len(key) < len(head) + len(tail) or not key.startswith(head) or not key.endswith(tail):
        return False
    rest = key[len(head) : len(key) - len(tail)]
    for part in middle:
        at = rest.find(part)
        if at < 0:
            return False
        rest = rest[at + len(part) :]
    return True
