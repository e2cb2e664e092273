"""`_search` and `_msearch`: what can be answered by meaning too is, the rest goes through, and a header says why."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote

from outrider.connectors import ConnectorError, EncoderUnavailable

from ..errors import SidecarRefused
from .body import is_readable, spool, whole
from .drafts import parse_object
from .filtering import for_cluster, parameters, written
from .http import ENCODER_UNAVAILABLE, Answer, Headers, Incoming, Receive, end_to_end, engine_error
from .hybrid import Asked, Hybrid, HybridAnswer, Moved
from .routes import Route
from .simple import NotSimple, names, understood
from .specs import Known, SpecBook
from .upstream import NO_ANSWER, Upstream

_NOT_OURS = (b"accept-encoding", b"content-encoding", b"content-length", b"content-type", b"expect")
Choice = Literal["hybrid", "pass"]

_OF_THE_BODY = (b"content-encoding", b"content-length", b"transfer-encoding", b"expect")
_OPTION = "outrider"
# What an item of an `_msearch` may say beside its index without a difference to which documents are found.
_HARMLESS = names("""
    index ignore_unavailable allow_no_indices expand_wildcards ignore_throttled request_cache preference
    ccs_minimize_roundtrips allow_partial_search_results
""")


@dataclass(frozen=True, slots=True)
class Passed:
    """It goes to the cluster as it came, and this is said of it."""

    content: bytes | None
    header: str


class Searches:
    """Answers searches of indices with a spec."""

    def __init__(self, upstream: Upstream, hybrid: Hybrid, book: SpecBook, usual: Choice, limit_bytes: int) -> None:
        self._upstream = upstream
        self._hybrid = hybrid
        self._book = book
        self._usual = usual
        self._limit_bytes = limit_bytes

    async def answer(self, request: Incoming, route: Route, known: Known, receive: Receive) -> Answer | Passed | None:
        """The answer; or the request as read and why it goes through; or None before it was read.

        Raises BodyTooLarge, BadRequest or ClientGone.
        """
        if not known.specs or not is_readable(request):
            return None
        if route.kind == "search" and known.to_search(route.index) is None:
            return Passed(None, "passed; reason=several indices") if known.is_near(route.index) else None
        content = b""
        if request.has_body:
            with await spool(receive, self._limit_bytes) as kept:
                content = whole(request, kept, self._limit_bytes)
        asked = parameters(request.query)
        if self._choice(request, asked) != "hybrid":
            return Passed(content, "passed; reason=not asked for")
        if route.kind == "msearch":
            return await self._several(request, route, known, content)
        found = await self._one(request.path, _headers(request), asked, route.index, known, content)
        if isinstance(found, HybridAnswer):
            return Answer(200, written(found.told, request.query), [*found.headers, header(found.how)])
        return Passed(content, found) if isinstance(found, str) else found

    async def _one(
        self, path: bytes, headers: Headers, asked: Mapping[str, str], name: str, known: Known, content: bytes
    ) -> HybridAnswer | Answer | str:
        """The answer to one search, a refusal, or why it goes through; asked anew where the alias moved meanwhile."""
        try:
            return await self._by_spec(path, headers, asked, name, known, content)
        except Moved:
            known = await self._book.anew()
        try:
            return await self._by_spec(path, headers, asked, name, known, content)
        except Moved:
            return "passed; reason=the alias is moving"

    async def _by_spec(
        self, path: bytes, headers: Headers, asked: Mapping[str, str], name: str, known: Known, content: bytes
    ) -> HybridAnswer | Answer | str:
        spec = known.to_search(name)
        try:
            body = parse_object(content) if content.strip() else {}
            if spec is None or body is None:
                raise NotSimple("several indices" if body is not None else "body is no JSON")
            if spec.way == "native":
                raise NotSimple("the engine's own pipelines encode for this index")
            if spec.parent:
                raise NotSimple("chunks are documents of their own in this index")
            return await self._hybrid.answer(
                Asked(path, headers, asked, spec, known.home(name), understood(spec, asked, body))
            )
        except EncoderUnavailable as err:
            if spec is not None and spec.when_encoder_down.searches == "refuse":
                return _refusal(err)
            return f"bm25; reason={err}"
        except SidecarRefused as err:
            return f"bm25; reason={err}"
        except (NotSimple, ConnectorError) as err:
            return f"passed; reason={err}"

    async def _several(self, request: Incoming, route: Route, known: Known, content: bytes) -> Answer | Passed:
        """Each search of an `_msearch` by itself; those that go through, go through together."""
        items = _items(content, route.index)
        if items is None or not any(known.to_search(item.index) for item in items):
            near = items is not None and any(known.is_near(item.index) for item in items)
            return Passed(content, "passed; reason=several indices" if near else "")
        asked = parameters(request.query)
        results = await asyncio.gather(*(self._item(request, asked, item, known) for item in items))
        rest = [place for place, result in enumerate(results) if isinstance(result, str)]
        responses = [_response(result) for result in results]
        headers = next((each.headers for each in results if not isinstance(each, str)), [])
        if rest:
            answer = await self._pass_together(request, b"".join(items[place].lines for place in rest))
            if answer.status != 200:
                return answer
            headers = answer.headers
            for place, response in zip(rest, answer.json()["responses"], strict=True):
                responses[place] = response
        took = max(response.get("took", 0) for response in responses)
        hybrid = sum(isinstance(result, HybridAnswer) for result in results)
        how = "; ".join([f"hybrid={hybrid}", *(f"{place}: {results[place]}" for place in rest[:5])])
        return Answer(200, written({"took": took, "responses": responses}, request.query), [*headers, header(how)])

    async def _item(
        self, request: Incoming, asked: Mapping[str, str], item: "_Item", known: Known
    ) -> HybridAnswer | Answer | str:
        if item.other:
            return f"passed; reason={item.other}"
        own = {key: value for key, value in asked.items() if key in ("typed_keys", "rest_total_hits_as_int")}
        path = b"/" + quote(item.index, safe="").encode() + b"/_search"
        return await self._one(path, _headers(request), own, item.index, known, item.body)

    def _choice(self, request: Incoming, asked: Mapping[str, str]) -> str:
        return asked.get(_OPTION) or request.header(b"x-outrider").decode("latin-1") or self._usual

    async def _pass_together(self, request: Incoming, lines: bytes) -> Answer:
        query = for_cluster(request.query)
        target = request.path + (b"?" + query if query else b"")
        headers = [*_headers(request), (b"content-type", request.header(b"content-type"))]
        try:
            return await self._upstream.ask(request.method, target, headers, lines)
        except NO_ANSWER as err:
            return self._upstream.no_answer(request, err)


@dataclass(frozen=True, slots=True)
class _Item:
    """One search of an `_msearch`; `other` is what its header says that matters here."""

    index: str
    other: str
    body: bytes
    lines: bytes


def _items(content: bytes, index: str) -> Sequence[_Item] | None:
    """The searches of an `_msearch`; None for what is none."""
    if not content.endswith(b"\n"):
        return None
    lines = content[:-1].split(b"\n")
    if len(lines) % 2:
        return None
    items = []
    for head, body in zip(lines[::2], lines[1::2], strict=True):
        told = parse_object(head) if head.strip() else {}
        if told is None:
            return None
        named = told.get("index", index)
        other = sorted(key for key, value in told.items() if key not in _HARMLESS and value != "query_then_fetch")
        named = named if isinstance(named, str) else ",".join(map(str, named or ()))
        items.append(_Item(named, other[0] if other else "", body, head + b"\n" + body + b"\n"))
    return items


def _refusal(err: EncoderUnavailable) -> Answer:
    answer = engine_error(503, f"the search cannot be encoded now: {err}", ENCODER_UNAVAILABLE)
    return replace(answer, headers=[*answer.headers, header(f"refused; reason={err}")])


def _response(result: HybridAnswer | Answer | str) -> Any:
    """A search's part of the answer to an `_msearch`; None where the cluster gives it."""
    if isinstance(result, Answer):
        return result.json()
    return None if isinstance(result, str) else {**result.told, "status": 200}


def header(told: str) -> tuple[bytes, bytes]:
    """How an answer came about, in one line of ASCII."""
    return b"x-outrider", " ".join(told.split())[:500].encode("ascii", "replace")


def as_cluster_knows_it(request: Incoming, content: bytes | None) -> Incoming:
    """The request without our own parameter, and with the length of its body as it was unpacked."""
    parts = request.query.split(b"&")
    query = b"&".join(part for part in parts if part.partition(b"=")[0] != _OPTION.encode())
    if content is None or not request.has_body:
        return replace(request, query=query)
    headers = [pair for pair in request.headers if pair[0] not in _OF_THE_BODY]
    return replace(request, query=query, headers=[*headers, (b"content-length", str(len(content)).encode())])


def _headers(request: Incoming) -> Headers:
    return [pair for pair in end_to_end(request.headers) if pair[0] not in _NOT_OURS]
