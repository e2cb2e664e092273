"""The body of a bulk: its actions one by one, each line as the application wrote it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

import orjson

OPS = ("index", "create", "update", "delete")


class Unreadable(Exception):
    """Not the body of a bulk; the cluster will say what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action: its operation, what its line says, both lines as they came (without line ends)."""

    op: str
    index: str
    meta: Mapping[str, Any]
    line: bytes
    source: bytes | None

    @property
    def id(self) -> str | None:
        """The document's id; None where the cluster is to make one."""
        id = self.meta.get("_id")
        return None if id is None else str(id)

    @property
    def routing(self) -> str | None:
        """Where the document is said to be."""
        routing = self.meta.get("routing", self.meta.get("_routing"))
        return None if routing is None else str(routing)


def actions(body: IO[bytes], index: str) -> Iterator[Action]:
    """The actions of a bulk; `index` is where those go that name none. Raises Unreadable."""
    for line in body:
        if line.isspace():
            continue
        op, meta = _action(line)
        source = None if op == "delete" else next(iter(body), b"")
        last = line if source is None else source
        if not last.endswith(b"\n"):
            raise Unreadable("the last line has no end")
        named = meta.get("_index", index)
        if not isinstance(named, str) or not named or "_type" in meta:
            raise Unreadable("an action names no index")
        yield Action(op, named, meta, line.rstrip(b"\r\n"), source and source.rstrip(b"\r\n"))


def _action(line: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as err:
        raise Unreadable("an action is no JSON") from err
    if not isinstance(found, dict) or len(found) != 1:
        raise Unreadable("an action is one object with one operation")
    ((op, meta),) = found.items()
    if op not in OPS or not isinstance(meta, dict):
        raise Unreadable("an action has no known operation")
    return op, meta
