"""Writes to indices with a spec; None says that a request is none of them and goes through as it is."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from tempfile import SpooledTemporaryFile

from outrider.connectors import IndexSpec

from .body import is_readable, spool, unzipped, whole
from .bulk import Bulk, concerns
from .drafts import parse_object
from .enriching import Enricher
from .filtering import written
from .http import Answer, Incoming, Receive
from .moved import goes_again, is_elsewhere, is_in_doubt, tries
from .routes import Route
from .single import Single
from .specs import Known, SpecBook
from .upstream import Upstream

Kept = SpooledTemporaryFile[bytes]


class Writes:
    """`_bulk`, `_doc`, `_create`, `_update`."""

    def __init__(self, upstream: Upstream, enricher: Enricher, book: SpecBook, limit_bytes: int) -> None:
        self._upstream = upstream
        self._enricher = enricher
        self._book = book
        self._single = Single(upstream, enricher)
        self._limit_bytes = limit_bytes

    async def answer(self, request: Incoming, route: Route, known: Known, receive: Receive) -> Answer | Kept | None:
        """The answer; or the body where it had to be read to see that it goes through; or None before it was read."""
        if not known.specs or not is_readable(request):
            return None
        if route.kind == "bulk":
            return await self._kept(receive, lambda kept: self._bulk(request, route, known, kept, receive))
        if known.to_write(route.index) is None:
            return None
        return await self._kept(receive, lambda kept: self._one(request, route, known, kept))

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

    async def _one(self, request: Incoming, route: Route, known: Known, kept: Kept) -> Answer:
        """By the spec that holds when it is written: where the alias moved meanwhile, by the other one, once more."""
        source = whole(request, kept, self._limit_bytes)
        name = route.index
        async for _ in tries(self._enricher.patience_s):
            spec, home = known.to_write(name), known.home(name)
            answer = await self._once(request, route, spec, source)
            told = parse_object(answer.body) or {}
            if not is_in_doubt(told, home):
                return answer
            known = await self._book.anew()
            now = known.to_write(name)
            if spec and now and is_elsewhere(told, home) and told.get("_id"):
                await self._single.corrected(now, spec, request, told)
                return replace(answer, body=written(told, request.query))
            if not goes_again(told, spec, now):
                return answer
        return answer

    async def _once(self, request: Incoming, route: Route, spec: IndexSpec | None, source: bytes) -> Answer:
        if spec is None:
            return await self._single.plain(request, source)
        if route.kind == "update":
            return await self._single.update(request, spec, route.id, source)
        return await self._single.index(request, spec, source)

    async def _bulk(self, request: Incoming, route: Route, known: Known, kept: Kept, receive: Receive) -> Answer | Kept:
        if not concerns(unzipped(request, kept), route.index, known):
            return kept
        gone = asyncio.ensure_future(_gone(receive))
        try:
            bulk = Bulk(self._upstream, self._enricher, known, self._book.anew, request)
            return await bulk.run(unzipped(request, kept), route.index, gone)
        finally:
            gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
