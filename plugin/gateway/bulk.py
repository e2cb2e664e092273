"""`_bulk`: a group of actions at a time is encoded and sent on; the answer is one, its items in the order asked."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import orjson

from outrider.connectors import IndexSpec

from .drafts import Draft, draft, must_probe, probe
from .enriching import Enricher, Place, Refused, Tally
from .filtering import for_cluster, parameters, written
from .http import ENCODER_UNAVAILABLE, Answer, Headers, Incoming, end_to_end
from .moved import goes_again, is_elsewhere, is_in_doubt, tries
from .ndjson import Action, Unreadable, actions
from .specs import Known
from .updates import Update, mark_body, marked_upsert, on_conflict, plan_update
from .upstream import NO_ANSWER, Upstream

_GROUP_ACTIONS = 256
_GROUP_BYTES = 2_000_000
_NOT_OURS = (b"accept-encoding", b"content-encoding", b"content-length", b"expect")
# What clients send again after a while, item by item.
_TRY_AGAIN = 429

Item = dict[str, Any]


@dataclass(slots=True)
class Planned:
    """An action and what it needs: a document to encode, or an update to mark."""

    action: Action
    home: str = ""
    spec: IndexSpec | None = None
    draft: Draft | None = None
    update: Update | None = None
    refused: str = ""


@dataclass(slots=True)
class _Whole:
    """The answer so far."""

    took: int = 0
    has_errors: bool = False
    items: list[Item] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    headers: Headers | None = None


def concerns(body: IO[bytes], index: str, known: Known) -> bool | None:
    """Whether any action of a bulk goes to an index with a spec; None for what is no readable bulk."""
    try:
        # To the end: a bulk with one unreadable line is refused as a whole.
        return bool({action.index for action in actions(body, index) if known.to_write(action.index)})
    except (Unreadable, OSError, EOFError, zlib.error):
        return None


class Bulk:
    """One request, and how it is done."""

    def __init__(
        self,
        upstream: Upstream,
        enricher: Enricher,
        known: Known,
        anew: Callable[[], Awaitable[Known]],
        request: Incoming,
    ) -> None:
        self._upstream = upstream
        self._enricher = enricher
        self._known = known
        self._anew = anew
        self._request = request
        query = for_cluster(request.query)
        self._target = request.path + (b"?" + query if query else b"")
        self._headers = [pair for pair in end_to_end(request.headers) if pair[0] not in _NOT_OURS]
        asked = parameters(query)
        self._refreshes = asked.get("refresh", "false") != "false"
        self._routing = asked.get("routing")

    async def run(self, body: IO[bytes], index: str, is_gone: asyncio.Future[None]) -> Answer:
        """Do all of it, group by group; stops where the client is gone."""
        whole, tally = _Whole(), Tally()
        async for group in self._groups(actions(body, index)):
            if is_gone.done():
                break
            refusal = await self._group(group, whole, tally)
            if refusal is not None:
                return refusal
        answer = {"took": whole.took, **whole.more, "errors": whole.has_errors, "items": whole.items}
        headers = [*(whole.headers or [(b"content-type", b"application/json")]), tally.header()]
        return Answer(200, written(answer, self._request.query), headers)

    async def _groups(self, found: Iterator[Action]) -> AsyncIterator[list[Planned]]:
        """Bounded groups; an update and another action on the same document are never in one."""
        group: list[Planned] = []
        size_bytes = 0
        seen: dict[tuple[str, str], bool] = {}
        for action in found:
            planned = self._planned(action)
            key = (planned.spec.index if planned.spec else action.index, action.id or "")
            is_touchy = key in seen and (seen[key] or planned.update is not None)
            if group and (len(group) >= _GROUP_ACTIONS or size_bytes > _GROUP_BYTES or is_touchy):
                yield group
                group, size_bytes, seen = [], 0, {}
                await asyncio.sleep(0)
            group.append(planned)
            size_bytes += len(action.source or b"")
            if action.id is not None:
                seen[key] = seen.get(key, False) or planned.update is not None
        if group:
            yield group

    def _planned(self, action: Action) -> Planned:
        spec, home = self._known.to_write(action.index), self._known.home(action.index)
        if spec is None or action.source is None:
            return Planned(action, home)
        if action.op == "update":
            return Planned(action, home, spec, update=plan_update(spec, action.source))
        return Planned(action, home, spec, draft=draft(spec, action.source))

    async def _group(self, group: Sequence[Planned], whole: _Whole, tally: Tally) -> Answer | None:
        """Do a group, some of it again where its spec holds no more; gives the cluster's own refusal of the first."""
        items: dict[int, Item] = {}
        left = dict(enumerate(group))
        async for _ in tries(self._enricher.patience_s):
            done = await self._once(list(left.values()), whole, tally)
            if isinstance(done, Answer):
                if not whole.items and not items:
                    return done
                done = [_failed(each.action, done.status, _error_of(done)) for each in left.values()]
            items |= zip(left, done, strict=True)
            again = [place for place, each in left.items() if self._again(each, items[place])]
            left = {place: self._planned(left[place].action) for place in again}
            if not left:
                break
        for place in range(len(group)):
            whole.items.append(items[place])
            whole.has_errors = whole.has_errors or "error" in _told(items[place])
        return None

    def _is_in_doubt(self, each: Planned, item: Item) -> bool:
        return self._known.to_write(each.action.index) is not None and is_in_doubt(_told(item), each.home)

    def _again(self, each: Planned, item: Item) -> bool:
        return goes_again(_told(item), each.spec, self._known.to_write(each.action.index))

    async def _once(self, group: Sequence[Planned], whole: _Whole, tally: Tally) -> list[Item] | Answer:
        """Encode, send, take in the answer: an item each, or the cluster's refusal of them all."""
        lines, marks = await self._lines(group, tally)
        sent = [each for each in group if not each.refused]
        items: list[Item] = []
        if sent:
            answer = await self._send(b"".join(lines))
            if answer.status != 200:
                return answer
            items = self._taken(answer, marks, whole)
            if any(self._is_in_doubt(each, item) for each, item in zip(sent, items, strict=True)):
                self._known = await self._anew()
            await self._complete(sent, items, tally)
        remaining = iter(items)
        return [_refusal(each) if each.refused else next(remaining) for each in group]

    async def _lines(self, group: Sequence[Planned], tally: Tally) -> tuple[list[bytes], list[int]]:
        """What is sent, and at which places there are marks, whose outcomes are nobody's business."""
        wanted = [(each, wish) for each in group if (wish := _to_encode(each)) is not None]
        sources = await self._enricher.enriched([wish for _, wish in wanted], tally) if wanted else []
        made = {id(each): source for (each, _), source in zip(wanted, sources, strict=True)}
        lines: list[bytes] = []
        marks: list[int] = []
        for each in group:
            source = made.get(id(each))
            line = _patient(each.action) if each.spec is not None and each.action.op == "update" else each.action.line
            if isinstance(source, Refused):
                each.refused = source.reason
            elif each.update is not None:
                if each.spec is not None and each.update.is_script and "if_seq_no" not in each.action.meta:
                    marks.append(len(lines))
                    lines.append(line + b"\n" + mark_body(each.spec) + b"\n")
                lines.append(line + b"\n" + _update_source(each.update, source) + b"\n")
            elif source is not None:
                lines.append(line + b"\n" + source + b"\n")
            else:
                lines.append(b"".join(part + b"\n" for part in (line, each.action.source) if part is not None))
        return lines, marks

    async def _send(self, lines: bytes) -> Answer:
        request = self._request
        try:
            return await self._upstream.ask(request.method, self._target, self._headers, lines)
        except NO_ANSWER as err:
            return self._upstream.no_answer(request, err)

    def _taken(self, answer: Answer, marks: Sequence[int], whole: _Whole) -> list[Item]:
        told = answer.json()
        whole.headers = answer.headers
        whole.took += told["took"]
        for key in told.keys() - {"took", "errors", "items"}:
            whole.more[key] = told[key] + whole.more.get(key, 0)
        skipped = set(marks)
        return [item for place, item in enumerate(told["items"]) if place not in skipped]

    async def _complete(self, sent: Sequence[Planned], items: Sequence[Item], tally: Tally) -> None:
        """Vectors for documents whose texts updates have changed, or that went to another index than was thought.

        The items then tell of the last write.
        """
        changed: dict[tuple[str, tuple[str, ...]], list[tuple[Planned, dict[str, Any]]]] = {}
        for each, item in zip(sent, items, strict=True):
            told = _told(item)
            if each.spec is None or "error" in told:
                continue
            strays = is_elsewhere(told, each.home)
            if strays or (each.update is not None and needs_vectors(each.update, told)):
                key = (each.action.index, each.spec.own_fields if strays else ())
                changed.setdefault(key, []).append((each, told))
        for (name, without), pairs in changed.items():
            spec = self._known.to_write(name)
            if spec is not None:
                places: list[Place] = [(told["_id"], each.action.routing or self._routing) for each, told in pairs]
                last = [told for _, told in pairs]
                await self._enricher.completed(spec, places, last, tally, refresh=self._refreshes, without=without)


def _told(item: Item) -> dict[str, Any]:
    told: dict[str, Any] = next(iter(item.values()))
    return told


def needs_vectors(update: Update, told: Mapping[str, Any]) -> bool:
    """Whether an update's answer says that a document was changed whose vectors are to be looked at."""
    return told.get("result") == "updated" or (update.is_script and told.get("result") == "created")


def _patient(action: Action) -> bytes:
    """The line of an update that is tried again where vectors were written at the same moment."""
    return orjson.dumps({action.op: {**action.meta, **on_conflict(action.meta)}})


def _to_encode(each: Planned) -> Draft | None:
    """What of an action is encoded before it is sent; for an update that may be refused, a probe."""
    if each.update is None:
        return each.draft
    if each.update.upsert is not None:
        return each.update.upsert
    return probe(each.spec, each.update.text) if each.spec and must_probe(each.spec) else None


def _update_source(update: Update, source: bytes | None) -> bytes:
    if update.upsert is None:
        return update.source(None)
    return update.source(marked_upsert(update.upsert) if update.is_script else source)


def _refusal(each: Planned) -> Item:
    error = {"type": ENCODER_UNAVAILABLE, "reason": each.refused}
    return _failed(each.action, _TRY_AGAIN, error)


def _failed(action: Action, status: int, error: Any) -> Item:
    return {action.op: {"_index": action.index, "_id": action.id, "status": status, "error": error}}


def _error_of(answer: Answer) -> Any:
    """The error of an answer about a whole request, as one of an item."""
    try:
        error = answer.json()["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        error = answer.body[:500].decode("utf-8", "replace")
    if isinstance(error, str):
        return {"type": "outrider_gateway_exception", "reason": error}
    return {key: value for key, value in error.items() if key != "root_cause"}
