"""Requests to the cluster as they came, answers as they come: nothing is parsed, decompressed or kept on the way."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore
from starlette.types import Receive, Scope, Send

from .answers import Answer, engine_error

Headers = list[tuple[bytes, bytes]]

# RFC 9110, 7.6.1: of this connection alone. `expect` is answered by the server that took the request.
_OF_ONE_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade expect".split()
)
# An answer takes as long as the application is willing to wait; only the way to the cluster has a limit.
_TIMEOUT_S = {"connect": 5.0, "pool": 30.0}

log = logging.getLogger(__name__)


class ClientGone(Exception):
    """The application closed the connection."""


class Upstream:
    """The cluster behind the gateway."""

    def __init__(self, url: str, *, max_connections: int = 256) -> None:
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self._origin = httpcore.URL(scheme=parts.scheme, host=parts.hostname or "", port=parts.port, target="/")
        self._prefix = parts.path.rstrip("/").encode()
        self._pool = httpcore.AsyncConnectionPool(max_connections=max_connections, keepalive_expiry=60)

    async def close(self) -> None:
        await self._pool.aclose()

    async def pass_through(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream the request up and the answer down; a client that hangs up ends both."""
        body = _Body(receive, has_any=_has_body(scope["headers"]))
        answering = asyncio.ensure_future(self._answer(scope, body, send))
        leaving = asyncio.ensure_future(body.client_gone())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            # A finished answer looks like a client that left: what is left of it then is to give the connection back.
            if not answering.done() and not body.is_answered:
                answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
        finally:
            leaving.cancel()
            answering.cancel()
        if not answering.cancelled():
            answering.result()

    async def ask(self, method: str, target: bytes, headers: Headers, content: bytes) -> Answer:
        """One request whose answer is read whole. Raises httpcore.NetworkError and its like."""
        response = await self._pool.handle_async_request(self._request(method, target, headers, content))
        try:
            body = b"".join([part async for part in response.aiter_stream()])
        finally:
            await response.aclose()
        return Answer(response.status, end_to_end(response.headers), body)

    async def _answer(self, scope: Scope, body: "_Body", send: Send) -> None:
        content = body if body.has_any else None
        is_started = False
        try:
            request = self._request(scope["method"], target_of(scope), end_to_end(scope["headers"]), content)
            response = await self._pool.handle_async_request(request)
            try:
                is_started = True
                await send(
                    {"type": "http.response.start", "status": response.status, "headers": end_to_end(response.headers)}
                )
                async for part in response.aiter_stream():
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                body.is_answered = True
                await send({"type": "http.response.body", "body": b""})
            finally:
                await response.aclose()
        except ClientGone:
            return
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as err:
            reason = f"the cluster at {self._shown} gave no answer: {type(err).__name__} {err}".rstrip()
            log.warning("%s %s: %s", scope["method"], scope["path"], reason)
            if not is_started:
                body.is_answered = True
                await engine_error(502, reason).send(send)
            # Else the server closes the connection, so that half an answer is not taken for a whole one.

    def _request(self, method: str, target: bytes, headers: Headers, content: Any) -> httpcore.Request:
        origin = self._origin
        url = httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=self._prefix + target)
        if content is not None and not any(name == b"content-length" for name, _ in headers):
            headers = [*headers, (b"transfer-encoding", b"chunked")]
        return httpcore.Request(method, url, headers=headers, content=content, extensions={"timeout": _TIMEOUT_S})

    @property
    def _shown(self) -> str:
        return f"{self._origin.host.decode()}:{self._origin.port or self._origin.origin.port}"


class _Body:
    """The request's body as it arrives."""

    def __init__(self, receive: Receive, *, has_any: bool) -> None:
        self.has_any = has_any
        self.is_answered = False
        self._receive = receive
        self._read = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            if part := message.get("body", b""):
                yield part
            if not message.get("more_body", False):
                self._read.set()
                return

    async def client_gone(self) -> None:
        """Returns when the client hung up after it had sent all."""
        if self.has_any:
            await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


def target_of(scope: Scope) -> bytes:
    """Path and query as they stood in the request line."""
    query: bytes = scope["query_string"]
    raw: bytes = scope["raw_path"]
    return raw + b"?" + query if query else raw


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers that are meant for the other end."""
    headers = list(headers)
    named = {
        name.strip().lower() for key, value in headers if key.lower() == b"connection" for name in value.split(b",")
    }
    return [(key, value) for key, value in headers if key.lower() not in _OF_ONE_HOP and key.lower() not in named]


def _has_body(headers: Headers) -> bool:
    return any((key == b"content-length" and value != b"0") or key == b"transfer-encoding" for key, value in headers)
