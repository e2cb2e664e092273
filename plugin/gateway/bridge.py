"""The cluster as connectors see it, over the gateway's own connections and with the headers of one caller."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from outrider.connectors import ClusterUnavailable, Dialect, RequestRefused, require_whole

from .http import Answer, Headers
from .upstream import NO_ANSWER, Upstream

_PASSING = (429, 502, 503, 504)
_JSON = (b"content-type", b"application/json")
_LINES = (b"content-type", b"application/x-ndjson")


class Reading:
    """Implements the connectors' Reader; for threads beside the event loop. Nothing is tried twice."""

    def __init__(self, upstream: Upstream, headers: Headers, loop: asyncio.AbstractEventLoop) -> None:
        self._upstream = upstream
        self._headers = [*headers, (b"accept", b"application/json")]
        self._loop = loop

    @property
    def url(self) -> str:
        """For messages."""
        return self._upstream.shown

    def read(self, method: str, path: str, body: Mapping[str, Any] | bytes | None = None) -> Any:
        """The whole answer as JSON. Raises ClusterUnavailable, also where a part is missing, or RequestRefused."""
        content = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        headers = self._headers if body is None else [*self._headers, _LINES if isinstance(body, bytes) else _JSON]
        asked = self._upstream.ask(method, path.encode(), headers, content)
        where = f"{method} {path} on {self.url}"
        try:
            answer = asyncio.run_coroutine_threadsafe(asked, self._loop).result()
        except NO_ANSWER as err:
            raise ClusterUnavailable(f"{where}: no answer ({type(err).__name__})") from err
        if answer.status >= 300:
            kind = ClusterUnavailable if answer.status in _PASSING else RequestRefused
            raise kind(f"{where} was answered with {answer.status}: {_reason(answer)}", answer.status)
        told = answer.json()
        require_whole(told, where)
        return told


class Bridge(Reading):
    """Implements the connectors' Cluster."""

    def __init__(self, upstream: Upstream, headers: Headers, dialect: Dialect, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(upstream, headers, loop)
        self._dialect = dialect

    @property
    def dialect(self) -> Dialect:
        """The words of this engine and version."""
        return self._dialect

    def write(self, method: str, path: str, body: Mapping[str, Any] | bytes | None = None) -> Any:
        """As `read`."""
        return self.read(method, path, body)


def _reason(answer: Answer) -> str:
    try:
        error = answer.json()["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return answer.body[:300].decode("utf-8", "replace")
    return str(error.get("reason", error)) if isinstance(error, dict) else str(error)
