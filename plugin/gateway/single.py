"""One document: `_doc`, `_create` and `_update`, sent on as they came but for the body."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson

from outrider.connectors import IndexSpec

from .bulk import needs_vectors
from .drafts import draft, must_probe, probe
from .enriching import Enricher, Refused, Tally
from .filtering import for_cluster, parameters, written
from .http import ENCODER_UNAVAILABLE, Answer, Headers, Incoming, end_to_end, engine_error
from .updates import Update, mark_body, marked_upsert, on_conflict, plan_update
from .upstream import NO_ANSWER, Upstream

_NOT_OURS = (b"accept-encoding", b"content-encoding", b"content-length", b"expect")
_UNAVAILABLE = 503


class Single:
    """Writes of one document."""

    def __init__(self, upstream: Upstream, enricher: Enricher) -> None:
        self._upstream = upstream
        self._enricher = enricher

    async def index(self, request: Incoming, spec: IndexSpec, source: bytes) -> Answer:
        """`_doc` and `_create`."""
        given = draft(spec, source)
        if given is None:
            return await self._ask(request, request.target, source)
        tally = Tally()
        (made,) = await self._enricher.enriched([given], tally)
        if isinstance(made, Refused):
            return engine_error(_UNAVAILABLE, made.reason, ENCODER_UNAVAILABLE)
        answer = await self._ask(request, request.target, made)
        return replace(answer, headers=[*answer.headers, tally.header()])

    async def update(self, request: Incoming, spec: IndexSpec, id: str, source: bytes) -> Answer:
        """`_update`."""
        asked = parameters(request.query)
        more = urlencode(on_conflict(asked)).encode()
        update = plan_update(spec, source)
        if update is None:
            return await self._ask(request, _target(request.path, request.query, more), source)
        tally = Tally()
        made = await self._prepared(spec, update, tally)
        if isinstance(made, Refused):
            return engine_error(_UNAVAILABLE, made.reason, ENCODER_UNAVAILABLE)
        if update.is_script and "if_seq_no" not in asked:
            routing = urlencode({key: asked[key] for key in ("routing",) if key in asked}).encode()
            await self._ask(request, _target(request.path, routing, more), mark_body(spec))
        answer = await self._ask(request, _target(request.path, for_cluster(request.query), more), made)
        return await self._completed(request, spec, (id, asked.get("routing")), update, answer, tally)

    async def _prepared(self, spec: IndexSpec, update: Update, tally: Tally) -> bytes | Refused:
        wish = update.upsert
        if wish is None and must_probe(spec):
            wish = probe(spec, update.text)
        if wish is None:
            return update.source(None)
        (made,) = await self._enricher.enriched([wish], tally)
        if isinstance(made, Refused) or update.upsert is None:
            return made if isinstance(made, Refused) else update.source(None)
        return update.source(marked_upsert(update.upsert) if update.is_script else made)

    async def _completed(
        self,
        request: Incoming,
        spec: IndexSpec,
        place: tuple[str, str | None],
        update: Update,
        answer: Answer,
        tally: Tally,
    ) -> Answer:
        if answer.status not in (200, 201):
            return answer
        told: dict[str, Any] = orjson.loads(answer.body)
        if needs_vectors(update, told):
            refresh = parameters(request.query).get("refresh", "false") != "false"
            await self._enricher.completed(spec, [place], [told], tally, refresh=refresh)
        return Answer(answer.status, written(told, request.query), [*answer.headers, tally.header()])

    async def plain(self, request: Incoming, source: bytes) -> Answer:
        """As it came."""
        return await self._ask(request, request.target, source)

    async def corrected(self, spec: IndexSpec, made_by: IndexSpec, request: Incoming, told: dict[str, Any]) -> None:
        """A document that was written to another index than its vectors were made for gets that index's own."""
        asked = parameters(request.query)
        refresh = asked.get("refresh", "false") != "false"
        places = [(told["_id"], asked.get("routing"))]
        await self._enricher.completed(spec, places, [told], Tally(), refresh=refresh, without=made_by.own_fields)

    async def _ask(self, request: Incoming, target: bytes, content: bytes) -> Answer:
        try:
            return await self._upstream.ask(request.method, target, _headers(request), content)
        except NO_ANSWER as err:
            return self._upstream.no_answer(request, err)


def _headers(request: Incoming) -> Headers:
    return [pair for pair in end_to_end(request.headers) if pair[0] not in _NOT_OURS]


def _target(path: bytes, *queries: bytes) -> bytes:
    query = b"&".join(filter(None, queries))
    return path + b"?" + query if query else path
