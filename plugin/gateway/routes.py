"""Which requests are the gateway's business: told by method and path alone."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

Kind = Literal["bulk", "index", "update", "search", "msearch", "schema", "other"]

_WRITING = ("PUT", "POST")
_ASKING = ("GET", "POST")
# After these, which indices have a spec, and under which names, may have changed.
_SCHEMA = frozenset(
    ("_mapping", "_mappings", "_alias", "_aliases", "_rollover", "_clone", "_shrink", "_split", "_restore")
)


@dataclass(frozen=True, slots=True)
class Route:
    """What is asked, of which index (as in the path), about which document."""

    kind: Kind
    index: str = ""
    id: str = ""


OTHER = Route("other")
_SCHEMA_CHANGE = Route("schema")


def route(method: str, path: bytes) -> Route:
    """What a request is. Reading and what is not known here is `other`."""
    parts = [unquote(part) for part in path.decode("latin-1").strip("/").split("/")]
    if method in _WRITING and (found := _write(parts)):
        return found
    if method in _ASKING and (found := _search(parts)):
        return found
    if method not in ("GET", "HEAD") and (len(parts) == 1 or not _SCHEMA.isdisjoint(parts)):
        return _SCHEMA_CHANGE
    return OTHER


def _write(parts: list[str]) -> Route | None:
    match parts:
        case ["_bulk"]:
            return Route("bulk")
        case [index, "_bulk"]:
            return Route("bulk", index)
        case [index, "_doc"]:
            return Route("index", index)
        case [index, "_doc" | "_create", id] if id:
            return Route("index", index, id)
        case [index, "_update", id] if id:
            return Route("update", index, id)
    return None


def _search(parts: list[str]) -> Route | None:
    match parts:
        case ["_search"]:
            return Route("search")
        case [index, "_search"]:
            return Route("search", index)
        case ["_msearch"]:
            return Route("msearch")
        case [index, "_msearch"]:
            return Route("msearch", index)
    return None
