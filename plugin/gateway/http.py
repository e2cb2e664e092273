"""Requests and answers as the gateway sees them: raw bytes, and errors in the engines' own shape."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import orjson

Headers = list[tuple[bytes, bytes]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# RFC 9110, 7.6.1: of this connection alone. `expect` is answered by the server that took the request.
_OF_ONE_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade expect".split()
)


# The type of an error where a request needs an encoder that is away.
ENCODER_UNAVAILABLE = "outrider_encoder_unavailable_exception"


class ClientGone(Exception):
    """The application closed the connection."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came in: path, query and header values are the caller's own bytes, header names lower case."""

    method: str
    path: bytes
    query: bytes
    headers: Headers

    @property
    def target(self) -> bytes:
        """Path and query as they stood in the request line."""
        return self.path + b"?" + self.query if self.query else self.path

    @property
    def has_body(self) -> bool:
        """Whether a body follows, be it of unknown length."""
        return any(
            (key == b"content-length" and value != b"0") or key == b"transfer-encoding" for key, value in self.headers
        )

    def header(self, name: bytes) -> bytes:
        """The first value of a header; empty where there is none."""
        return _first(self.headers, name)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, read from the cluster or made here."""

    status: int
    body: bytes
    headers: Headers = field(default_factory=lambda: [(b"content-type", b"application/json; charset=UTF-8")])

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return orjson.loads(self.body)

    def header(self, name: bytes) -> bytes:
        """The first value of a header; empty where there is none."""
        return _first(self.headers, name)

    async def send(self, send: Send, *more: tuple[bytes, bytes], is_head: bool = False) -> None:
        """Answer with it, the length stated anew."""
        headers = [(key, value) for key, value in self.headers if key.lower() != b"content-length"]
        headers += [(b"content-length", str(len(self.body)).encode()), *more]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if is_head else self.body})


def _first(headers: Headers, name: bytes) -> bytes:
    return next((value for key, value in headers if key == name), b"")


def incoming(scope: Scope) -> Incoming:
    """The request of an ASGI scope."""
    return Incoming(scope["method"], scope["raw_path"], scope["query_string"], scope["headers"])


def engine_error(status: int, reason: str, kind: str = "outrider_gateway_exception") -> Answer:
    """An error in the shape that the engines' clients read."""
    cause = {"type": kind, "reason": reason}
    return Answer(status, orjson.dumps({"error": {"root_cause": [cause], **cause}, "status": status}))


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers that are meant for the other end."""
    kept = []
    named: tuple[bytes, ...] = ()
    for pair in headers:
        name = pair[0].lower()
        if name == b"connection":
            named = (*named, *(each.strip().lower() for each in pair[1].split(b",")))
        elif name not in _OF_ONE_HOP:
            kept.append(pair)
    return [pair for pair in kept if pair[0].lower() not in named] if named else kept
