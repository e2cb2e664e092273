"""A request straight through: whatever comes in goes out, whatever comes back goes back, piece by piece."""

import asyncio
import logging
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress

import httpx

from .asgi import ClientGone, Headers, Incoming, Receive, Reply, Send, body_chunks, error_reply, send_reply
from .upstream import Upstream, answer_headers

log = logging.getLogger(__name__)


async def pass_through(
    upstream: Upstream,
    request: Incoming,
    receive: Receive,
    send: Send,
    body: bytes | None = None,
    extra: Headers | None = None,
) -> None:
    """Answer as the cluster does; with a `body`, the caller's has been read already.

    When the caller goes, so does its request to the cluster. A cluster that is not there is a 502.
    """
    chunks: AsyncIterable[bytes] | bytes = body_chunks(receive) if body is None else body
    consumed = asyncio.Event()
    if body is not None:
        consumed.set()
    answer = asyncio.create_task(_relay(upstream, request, _noting(chunks, consumed), send, extra or []))
    gone = asyncio.create_task(_gone(receive, consumed))
    try:
        await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (answer, gone):
            if not task.done():
                task.cancel()
        await asyncio.wait((answer, gone))
    if not answer.cancelled():
        with suppress(ClientGone):
            answer.result()


async def _relay(
    upstream: Upstream, request: Incoming, body: AsyncIterable[bytes] | bytes, send: Send, extra: Headers
) -> None:
    has_begun = False
    try:
        async with upstream.open(request, body) as response:
            headers = [*answer_headers(response), *extra]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            has_begun = True
            async for chunk in response.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except httpx.TransportError as err:
        if has_begun:
            # The caller sees the connection end early, as it would have without us.
            raise
        await send_reply(send, unreachable(err))


def unreachable(err: httpx.TransportError) -> Reply:
    """What is answered where the cluster answers nothing."""
    log.warning("the cluster gave no answer: %s: %s", type(err).__name__, err)
    reason = f"the cluster behind this gateway gave no answer ({type(err).__name__}: {err}); is it running?"
    return error_reply(502, "cluster_unreachable_exception", reason)


def _noting(body: AsyncIterable[bytes] | bytes, consumed: asyncio.Event) -> AsyncIterable[bytes] | bytes:
    if isinstance(body, bytes):
        return body
    return _until_consumed(body, consumed)


async def _until_consumed(chunks: AsyncIterable[bytes], consumed: asyncio.Event) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield chunk
    consumed.set()


async def _gone(receive: Receive, consumed: asyncio.Event) -> None:
    """Ends when the caller has closed the connection; only one may listen to it at a time."""
    await consumed.wait()
    while (await receive())["type"] != "http.disconnect":
        pass
