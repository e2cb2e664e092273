"""A search for words, answered by words and by meaning: three requests to the cluster, one answer in its shape."""

import asyncio
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from outrider.connectors import Answer as Found
from outrider.connectors import Cluster, IndexSpec, Mode, Searcher, require_whole

from .bridge import Bridge
from .encoding import Encoders, InTime
from .http import Headers
from .pages import all_body, assembled, page_body, reach
from .simple import NotSimple, Simple, names
from .upstream import NO_ANSWER, Upstream

# How long the number of documents is trusted, by which it is chosen how vectors are compared.
_COUNT_TTL_S = 60.0
_SOURCE = names("_source _source_includes _source_excludes")
_OF_A_PAGE = names("stored_fields docvalue_fields version seq_no_primary_term")
_OF_ALL = names("track_total_hits stats request_cache")
_WORDS = names("q df default_operator analyzer analyze_wildcard lenient")
_EVERYWHERE = _WORDS | names("size from filter_path pretty format outrider")
_OF_A_REQUEST = (b"content-type", b"accept")

log = logging.getLogger(__name__)


class Moved(Exception):
    """The documents that were found are in another index than the spec is from: the alias moved meanwhile."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One search: where, of whom (headers), with which parameters, and what it asks for.

    `home` is the index that the spec is from.
    """

    path: bytes
    headers: Headers
    parameters: Mapping[str, str]
    spec: IndexSpec
    home: str
    simple: Simple


@dataclass(frozen=True, slots=True)
class HybridAnswer:
    """What is answered, the cluster's headers, and how it came about."""

    told: dict[str, Any]
    headers: Headers
    how: str


class Hybrid:
    """Answers searches; what the cluster is asked, it is asked with the caller's own credentials."""

    def __init__(self, upstream: Upstream, own: Cluster, encoders: Encoders, threads: int = 32) -> None:
        self._upstream = upstream
        self._own = own
        self._encoders = encoders
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="outrider-search")
        self._searchers: dict[str, tuple[float, IndexSpec, Searcher]] = {}

    async def answer(self, asked: Asked) -> HybridAnswer:
        """The answer to one search, its deadlines counted from now.

        Raises NotSimple where the cluster refuses, ConnectorError (mostly EncoderUnavailable) or SidecarRefused where
        somebody else does, Moved where the spec holds no more.
        """
        started_s = time.perf_counter()
        loop = asyncio.get_running_loop()
        encoder = InTime(self._encoders.of(asked.spec), asked.spec.deadlines)
        searching = loop.run_in_executor(self._pool, self._found, asked, self._bridge(asked, loop), encoder)
        matching_answer = self._ask(asked, all_body(asked.simple), _EVERYWHERE | _SOURCE | _OF_A_PAGE)
        (matching, headers), found = await asyncio.gather(matching_answer, searching)
        if any(result.index != asked.home for result in found.results):
            raise Moved
        left = reach(matching, found.reachable) - asked.simple.offset
        ids = [result.id for result in found.results[: max(left, 0)]]
        page: dict[str, Any] = {"hits": {"hits": []}}
        if ids:
            body = page_body(asked.spec, asked.simple, asked.parameters, ids, len(ids))
            page, _ = await self._ask(asked, body, _EVERYWHERE | _SOURCE | _OF_ALL)
        took_ms = round((time.perf_counter() - started_s) * 1000)
        return HybridAnswer(assembled(matching, page, found, took_ms), headers, _told(asked.spec, found))

    def _found(self, asked: Asked, bridge: Bridge, encoder: InTime) -> Found:
        """The documents of the page in their order; for a thread."""
        encoder.check(asked.spec)
        searcher = self._searcher(asked.spec, encoder).through(bridge, encoder)
        mode: Mode = "reranked" if "reranked" in searcher.modes else "fused"
        simple = asked.simple
        return searcher.search(
            simple.text,
            mode,
            max(simple.size, 1),
            offset=simple.offset,
            filter=simple.filter,
            words=simple.query,
            collapse=simple.collapse,
            may_stay_fused=True,
        )

    def _searcher(self, spec: IndexSpec, encoder: InTime) -> Searcher:
        at_s, known, searcher = self._searchers.get(spec.index, (0.0, None, None))
        if searcher is None or known != spec or time.monotonic() - at_s > _COUNT_TTL_S:
            searcher = Searcher(self._own, spec, encoder)
            self._searchers[spec.index] = (time.monotonic(), spec, searcher)
        return searcher

    def _bridge(self, asked: Asked, loop: asyncio.AbstractEventLoop) -> Bridge:
        return Bridge(self._upstream, _credentials(asked.headers), self._own.dialect, loop)

    async def _ask(self, asked: Asked, body: dict[str, Any], without: frozenset[str]) -> tuple[dict[str, Any], Headers]:
        target = asked.path + _query_without(asked.parameters, without)
        headers = [*asked.headers, (b"content-type", _kind(asked.headers))]
        try:
            answer = await self._upstream.ask("POST", target, headers, orjson.dumps(body))
        except NO_ANSWER as err:
            raise NotSimple(f"the cluster gave no answer ({type(err).__name__})") from err
        if answer.status != 200:
            raise NotSimple(f"the cluster answered with {answer.status}")
        told = answer.json()
        require_whole(told, "a search")
        return told, answer.headers


def _kind(headers: Headers) -> bytes:
    """Elasticsearch wants bodies in the version that the answer is asked in."""
    accepted = next((value for key, value in headers if key == b"accept"), b"")
    return accepted if b"vnd.elasticsearch+json" in accepted and b"," not in accepted else b"application/json"


def _query_without(parameters: Mapping[str, str], without: frozenset[str]) -> bytes:
    left = {key: value for key, value in parameters.items() if key not in without}
    return b"?" + urlencode(left).encode() if left else b""


def _credentials(headers: Headers) -> Headers:
    """What says who asks: with it, connectors see what the caller may see."""
    return [pair for pair in headers if pair[0] not in _OF_A_REQUEST]


def _told(spec: IndexSpec, found: Found) -> str:
    reranked = sum("reranked" in result.scores for result in found.results)
    stages = "; ".join(f"{stage}_ms={ms:.0f}" for stage, ms in found.timings_ms.items())
    how = f"fused; reason={found.not_reranked}" if found.not_reranked else "hybrid"
    return f"{how}; legs={','.join(spec.legs)}; reranked={reranked}; {stages}"
