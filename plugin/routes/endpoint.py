"""From HTTP to a handler and back: the one path that every encoding route takes.

Plain ASGI inside the FastAPI app: parsing straight from the body and writing bytes serves several times the requests
per core that validated reply models do.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from starlette.types import Message, Receive, Send
from starlette.types import Scope as Connection

from ..errors import BadRequest, DeadlineExceeded, ServiceError
from ..keys import Scope
from ..served import Task
from ..sidecar import Sidecar
from ..truncations import tallied
from .body import ClientGone, check, parse, read_body
from .ranking import Incomplete
from .reply import to_json

Body = TypeVar("Body", bound=BaseModel)
ErrorShape = Callable[[ServiceError], Any]

TIMEOUT_HEADER = b"outrider-timeout"
# How many texts of the request were cut at a model's limit; absent where none was.
TRUNCATED_HEADER = b"outrider-truncated"
_JSON = (b"content-type", b"application/json")
_INCOMPLETE = (b"outrider-complete", b"false")

requests = logging.getLogger("outrider.requests")


@dataclass(frozen=True, slots=True)
class Call(Generic[Body]):
    """What a handler gets: the checked request, and by when the answer is wanted."""

    sidecar: Sidecar
    request: Body
    task: Task | None
    deadline_s: float

    def within(self, timeout_s: float | None) -> float:
        """The deadline when the body asks for one too: the earlier of both."""
        return self.deadline_s if timeout_s is None else min(self.deadline_s, time.monotonic() + timeout_s)


Handler = Callable[[Call[Any]], Awaitable[Any]]


@dataclass(frozen=True)
class Operation:
    """One POST route as data: what it takes, who answers, how its errors look.

    `task` says which side the texts are on where the route itself says it.
    """

    path: str
    handler: Handler
    request: type[BaseModel]
    errors: ErrorShape
    summary: str
    task: Task | None = None
    tags: tuple[str, ...] = ()
    scope: Scope = Scope.ENCODE
    reply: dict[str, Any] = field(default_factory=dict)


class Endpoint:
    """An Operation as an ASGI application."""

    def __init__(self, operation: Operation, sidecar: Callable[[], Sidecar]) -> None:
        self._operation = operation
        self._sidecar = sidecar

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer one request; nobody is answered who has hung up."""
        sidecar, arrived_s = self._sidecar(), time.monotonic()
        try:
            with tallied() as cut:
                reply = await self._reply(sidecar, scope, receive, arrived_s)
        except ClientGone:
            self._note(sidecar, 499, arrived_s)
            return
        except ServiceError as err:
            self._note(sidecar, err.status, arrived_s)
            await _send(send, err.status, to_json(self._operation.errors(err)), _retry_after(err))
            return
        self._note(sidecar, 200, arrived_s)
        headers = ((TRUNCATED_HEADER, str(cut.texts).encode()),) if cut.texts else ()
        if isinstance(reply, Incomplete):
            await _send(send, 200, to_json(reply.reply), (_INCOMPLETE, *headers))
        else:
            await _send(send, 200, to_json(reply), headers)

    async def _reply(self, sidecar: Sidecar, scope: Connection, receive: Receive, arrived_s: float) -> Any:
        sidecar.keys.check(scope["headers"], self._operation.scope)
        settings = sidecar.settings
        timeout_s = _timeout(scope) or settings.queue.timeout_s
        body = parse(await _body_within(timeout_s, scope, receive, settings.limits.body_bytes), settings.limits)
        request = check(body, self._operation.request)
        call = Call(sidecar, request, self._operation.task, arrived_s + timeout_s)
        return await _while_connected(self._operation.handler(call), receive)

    def _note(self, sidecar: Sidecar, status: int, arrived_s: float) -> None:
        sidecar.metrics.replied(self._operation.path, status)
        if sidecar.settings.log_requests:
            ms = round(1000 * (time.monotonic() - arrived_s), 3)
            facts = {"route": self._operation.path, "status": status, "ms": ms}
            requests.info("%s %d %.1f ms", *facts.values(), extra={"facts": facts})


async def _body_within(timeout_s: float, scope: Connection, receive: Receive, limit_bytes: int) -> bytes:
    try:
        async with asyncio.timeout(timeout_s):
            return await read_body(scope, receive, limit_bytes)
    except TimeoutError as err:
        raise DeadlineExceeded(f"the body did not arrive within {timeout_s:g} s; send it faster, or in parts") from err


async def _while_connected(answer: Awaitable[Any], receive: Receive) -> Any:
    """The answer; cancels the work for it when the client hangs up first."""
    working = asyncio.ensure_future(answer)
    watching = asyncio.ensure_future(_hang_up(receive))
    watching.add_done_callback(lambda _: working.cancel())
    try:
        return await working
    except asyncio.CancelledError:
        if watching.done() and not watching.cancelled():
            raise ClientGone from None
        working.cancel()
        raise
    finally:
        watching.cancel()


async def _hang_up(receive: Receive) -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()


def _timeout(scope: Connection) -> float | None:
    for name, value in scope["headers"]:
        if name == TIMEOUT_HEADER:
            return _seconds(value.decode("latin-1"))
    return None


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0.001 <= seconds <= 86_400:
        raise BadRequest(f"the header Outrider-Timeout must be a number of seconds from 0.001 on, got {value!r}")
    return seconds


def _retry_after(err: ServiceError) -> tuple[tuple[bytes, bytes], ...]:
    if err.retry_after_s is None:
        return ()
    return ((b"retry-after", str(max(1, round(err.retry_after_s))).encode()),)


async def _send(send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [_JSON, length, *headers]})
    await send({"type": "http.response.body", "body": body})
