"""The gateway as an ASGI app."""

import re
import ssl
import time

from ..errors import ServiceError
from .body import once, pieces
from .http import Answer, ClientGone, Incoming, Receive, Scope, Send, engine_error, incoming
from .metrics import GatewayMetrics
from .parts import Parts
from .routes import OTHER, Route, route
from .searches import Passed, as_cluster_knows_it, header
from .settings import GatewaySettings
from .upstream import Upstream
from .writes import Kept

# How long a request waits for the first reading of the specs.
_FIRST_READING_S = 10.0


class Gateway:
    """One ASGI app, one cluster behind it; without a sidecar, all goes through as it is."""

    def __init__(self, settings: GatewaySettings) -> None:
        tls = ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else None
        self._settings = settings
        self._upstream = Upstream(settings.address, tls=tls)
        self._metrics = GatewayMetrics()
        self._parts: Parts | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            started_s = time.perf_counter()
            request = incoming(scope)
            found = route(request.method, request.path) if self._parts else OTHER
            if self._parts is None or found.kind == "other":
                await self._upstream.pass_through(request, receive, send)
            else:
                await self._ours(self._parts, found, request, receive, send)
            self._metrics.request(found.kind, time.perf_counter() - started_s)

    async def _ours(self, parts: Parts, found: Route, request: Incoming, receive: Receive, send: Send) -> None:
        """What may concern an index with a spec."""
        if found.kind == "schema":
            await self._upstream.pass_through(request, receive, send)
            parts.book.stir()
            return
        try:
            await parts.book.first(_FIRST_READING_S)
            known = parts.book.known
            business = parts.searches if found.kind in ("search", "msearch") else parts.writes
            answer = await business.answer(request, found, known, receive)
        except ServiceError as err:
            answer = engine_error(err.status, str(err))
        except ClientGone:
            return
        if found.kind in ("search", "msearch") and isinstance(answer, Answer | Passed):
            told = answer.header if isinstance(answer, Passed) else answer.header(b"x-outrider").decode()
            self._metrics.search(re.split("[;= ]", told)[0] or "passed")
        await self._give(answer, request, receive, send)

    async def _give(
        self, answer: Answer | Passed | Kept | None, request: Incoming, receive: Receive, send: Send
    ) -> None:
        """Send an answer, or the request on, with the body that was read."""
        if answer is None:
            await self._upstream.pass_through(request, receive, send)
        elif isinstance(answer, Answer):
            await answer.send(send)
        elif isinstance(answer, Passed):
            more = [header(answer.header)] if answer.header else []
            passed = as_cluster_knows_it(request, answer.content)
            body = None if answer.content is None else once(answer.content)
            await self._upstream.pass_through(passed, receive, send, *more, body=body)
        else:
            with answer:
                await self._upstream.pass_through(request, receive, send, body=pieces(answer))

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            if self._settings.metrics_port is not None:
                self._metrics.serve(self._settings.host, self._settings.metrics_port)
            if self._settings.sidecar:
                self._parts = Parts(self._settings, self._upstream, self._metrics)
                self._parts.start()
            await send({"type": "lifespan.startup.complete"})
        if self._parts is not None:
            await self._parts.close()
        await self._upstream.close()
        await send({"type": "lifespan.shutdown.complete"})
