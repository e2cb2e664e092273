"""The few things of ASGI that the gateway needs: raw requests, raw answers."""

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import orjson

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class ClientGone(Exception):
    """The caller closed the connection before its request was complete."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came in: the target and the headers are the caller's own bytes."""

    method: str
    target: bytes
    headers: Headers

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header, by its name in lower case."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, made here or read from the cluster."""

    status: int
    headers: Headers
    body: bytes


def incoming(scope: Scope) -> Incoming:
    """The request of an ASGI scope."""
    query: bytes = scope["query_string"]
    path: bytes = scope["raw_path"]
    return Incoming(scope["method"], path + b"?" + query if query else path, list(scope["headers"]))


async def body_chunks(receive: Receive) -> AsyncIterator[bytes]:
    """The request's body as it arrives. Raises ClientGone."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


async def send_reply(send: Send, reply: Reply) -> None:
    """Answer with a whole body, whose length is stated anew."""
    headers = [(name, value) for name, value in reply.headers if name.lower() != b"content-length"]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def error_reply(status: int, kind: str, reason: str) -> Reply:
    """An error in the shape that the engines give theirs."""
    cause = {"type": kind, "reason": reason}
    body = orjson.dumps({"error": {"root_cause": [cause], **cause}, "status": status})
    return Reply(status, [(b"content-type", b"application/json; charset=UTF-8")], body)
