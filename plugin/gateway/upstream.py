"""Requests to the cluster as they came, answers as they come: nothing is parsed, decompressed or kept on the way."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpcore

from .http import Answer, ClientGone, Headers, Incoming, Receive, Send, end_to_end, engine_error

# An answer takes as long as the application is willing to wait; only the way to the cluster has a limit.
_TIMEOUT_S = {"connect": 5.0, "pool": 30.0}
NO_ANSWER = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)

log = logging.getLogger(__name__)


class Upstream:
    """The cluster behind the gateway. `tls` says which certificates are trusted where the URL is https."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None, max_connections: int = 256) -> None:
        parts = urlsplit(url)
        self._origin = httpcore.URL(scheme=parts.scheme, host=parts.hostname or "", port=parts.port, target="/")
        self._prefix = parts.path.rstrip("/").encode()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=max_connections,
            max_keepalive_connections=max_connections,
            keepalive_expiry=60,
        )

    @property
    def shown(self) -> str:
        """Host and port, for messages."""
        return f"{self._origin.host.decode()}:{self._origin.port or self._origin.origin.port}"

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def pass_through(
        self,
        request: Incoming,
        receive: Receive,
        send: Send,
        *more: tuple[bytes, bytes],
        body: AsyncIterator[bytes] | None = None,
    ) -> int:
        """Stream the request up and the answer down, with `more` headers; a client that hangs up ends both.

        `body` is the request's where it was read before. Returns the status; 499 where the client went before it.
        """
        relay = _Relay(receive, send, more, is_read=body is not None or not request.has_body)
        answering = asyncio.ensure_future(self._relay(request, relay, body))
        leaving = asyncio.ensure_future(relay.client_gone())
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            # A finished answer looks like a client that left: what is left of it then is to give the connection back.
            if not answering.done() and not relay.is_answered:
                answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
        finally:
            leaving.cancel()
            answering.cancel()
        if not answering.cancelled():
            answering.result()
        return relay.status

    async def ask(self, method: str, target: bytes, headers: Headers, content: bytes | None) -> Answer:
        """One request whose answer is read whole. Raises one of NO_ANSWER."""
        if not any(name == b"host" for name, _ in headers):
            headers = [(b"host", self.shown.encode()), *headers]
        response = await self._pool.handle_async_request(self._request(method, target, headers, content))
        try:
            body = b"".join([part async for part in response.aiter_stream()])
        finally:
            await response.aclose()
        return Answer(response.status, body, end_to_end(response.headers))

    async def _relay(self, request: Incoming, relay: "_Relay", body: AsyncIterator[bytes] | None) -> None:
        try:
            content = (body or relay.body()) if request.has_body else None
            asked = self._request(request.method, request.target, end_to_end(request.headers), content)
            response = await self._pool.handle_async_request(asked)
            try:
                await relay.start(response.status, end_to_end(response.headers))
                async for part in response.aiter_stream():
                    await relay.part(part)
                await relay.end()
            finally:
                await response.aclose()
        except ClientGone:
            return
        except NO_ANSWER as err:
            answer = self.no_answer(request, err)
            if relay.status == _HUNG_UP:
                relay.is_answered = True
                relay.status = answer.status
                await answer.send(relay.send, is_head=request.method == "HEAD")
            # Else the server closes the connection, so that half an answer is not taken for a whole one.

    def no_answer(self, request: Incoming, err: Exception) -> Answer:
        """What is answered where the cluster gave nothing: a 502."""
        reason = f"the cluster at {self.shown} gave no answer: {type(err).__name__} {err}".rstrip()
        log.warning("%s %s: %s", request.method, request.path.decode("latin-1"), reason)
        return engine_error(502, reason)

    def _request(self, method: str, target: bytes, headers: Headers, content: Any) -> httpcore.Request:
        origin = self._origin
        url = httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=self._prefix + target)
        if isinstance(content, bytes):
            headers = [*headers, (b"content-length", str(len(content)).encode())]
        elif content is not None and not any(name == b"content-length" for name, _ in headers):
            headers = [*headers, (b"transfer-encoding", b"chunked")]
        return httpcore.Request(method, url, headers=headers, content=content, extensions={"timeout": _TIMEOUT_S})


_HUNG_UP = 499


class _Relay:
    """One request's body on its way up, and its answer on its way down."""

    def __init__(
        self, receive: Receive, send: Send, more: Headers | tuple[tuple[bytes, bytes], ...], *, is_read: bool
    ) -> None:
        self.send = send
        self.status = _HUNG_UP
        self.is_answered = False
        self._receive = receive
        self._more = more
        self._read = asyncio.Event()
        if is_read:
            self._read.set()

    async def body(self) -> AsyncIterator[bytes]:
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
        await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, headers: Headers) -> None:
        self.status = status
        await self.send({"type": "http.response.start", "status": status, "headers": [*headers, *self._more]})

    async def part(self, part: bytes) -> None:
        await self.send({"type": "http.response.body", "body": part, "more_body": True})

    async def end(self) -> None:
        self.is_answered = True
        await self.send({"type": "http.response.body", "body": b""})
