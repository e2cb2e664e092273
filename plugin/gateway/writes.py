"""Writes to indices with a spec; None says that a request is none of them and goes through as it is."""

import asyncio
from collections.abc import Awaitable, Callable
from tempfile import SpooledTemporaryFile

from outrider.connectors import IndexSpec

from .body import is_readable, spool, unzipped, whole
from .bulk import Bulk, concerns
from .enriching import Enricher
from .http import Answer, Incoming, Receive
from .routes import Route
from .single import Single
from .specs import Known
from .upstream import Upstream

Kept = SpooledTemporaryFile[bytes]


class Writes:
    """`_bulk`, `_doc`, `_create`, `_update`."""

    def __init__(self, upstream: Upstream, enricher: Enricher, limit_bytes: int) -> None:
        self._upstream = upstream
        self._enricher = enricher
        self._single = Single(upstream, enricher)
        self._limit_bytes = limit_bytes

    async def answer(self, request: Incoming, route: Route, known: Known, receive: Receive) -> Answer | Kept | None:
        """The answer; or the body where it had to be read to see that it goes through; or None before it was read."""
        if not known.specs or not is_readable(request):
            return None
        if route.kind == "bulk":
            return await self._kept(receive, lambda kept: self._bulk(request, route, known, kept, receive))
        spec = known.to_write(route.index)
        if spec is None:
            return None
        return await self._kept(receive, lambda kept: self._one(request, route, spec, kept))

    async def _kept(self, receive: Receive, answer: Callable[[Kept], Awaitable[Answer | Kept]]) -> Answer | Kept:
        """Read the body; close it, unless it is what comes back."""
        found: Answer | Kept | None = None
        kept: Kept | None = None
        try:
            kept = await spool(receive, self._limit_bytes)
            found = await answer(kept)
        finally:
            if kept is not None and found is not kept:
                kept.close()
        return found

    async def _one(self, request: Incoming, route: Route, spec: IndexSpec, kept: Kept) -> Answer:
        source = whole(request, kept, self._limit_bytes)
        if route.kind == "update":
            return await self._single.update(request, spec, route.id, source)
        return await self._single.index(request, spec, source)

    async def _bulk(self, request: Incoming, route: Route, known: Known, kept: Kept, receive: Receive) -> Answer | Kept:
        if not concerns(unzipped(request, kept), route.index, known):
            return kept
        gone = asyncio.ensure_future(_gone(receive))
        try:
            bulk = Bulk(self._upstream, self._enricher, known, request)
            return await bulk.run(unzipped(request, kept), route.index, gone)
        finally:
            gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
