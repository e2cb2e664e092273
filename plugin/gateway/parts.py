"""What a gateway with a sidecar is made of, from start to end."""

import asyncio
import base64
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from outrider.connectors import IndexSpec

from .bridge import Bridge
from .completer import Completer
from .encoding import Encoders, client_for
from .enriching import Enricher
from .http import Headers
from .hybrid import Hybrid
from .metrics import GatewayMetrics
from .searches import Searches
from .settings import GatewaySettings
from .specs import SpecBook
from .upstream import Upstream
from .writes import Writes

# How long nobody asks a sidecar that failed.
_PAUSE_S = 2.0


class Parts:
    """Made within a running event loop; `start` waits for nothing, `close` ends all of it."""

    def __init__(self, settings: GatewaySettings, upstream: Upstream, metrics: GatewayMetrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._upstream = upstream
        self.headers = own_headers(settings)
        self.book = SpecBook(upstream, self.headers, settings.spec_interval_s)
        self._encoders = self._asked_for(settings.write_patience_s)
        self._query_encoders = self._asked_for(settings.search_patience_s)
        self._tasks: list[asyncio.Task[None]] = []
        self._writes: Writes | None = None
        self._searches: Searches | None = None

    def start(self) -> None:
        """Begin to read specs and to complete documents."""
        self._begin(self.book.keep())
        self._begin(self._complete())

    async def close(self) -> None:
        """End what runs beside the requests."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._encoders.close()
        self._query_encoders.close()

    @property
    def writes(self) -> Writes:
        """What answers writes; only after the book's first reading."""
        if self._writes is None:
            patience_s = self._settings.write_patience_s
            enricher = Enricher(self._own(), self._encoders, self._metrics, patience_s=patience_s)
            self._writes = Writes(self._upstream, enricher, self.book, self._settings.body_limit_bytes)
        return self._writes

    @property
    def searches(self) -> Searches:
        """What answers searches; only after the book's first reading."""
        if self._searches is None:
            hybrid = Hybrid(self._upstream, self._own(), self._query_encoders)
            limit_bytes = self._settings.body_limit_bytes
            self._searches = Searches(self._upstream, hybrid, self.book, self._settings.searches, limit_bytes)
        return self._searches

    def _specs(self) -> list[IndexSpec]:
        return [spec for spec in self.book.known.specs.values() if spec.way == "sidecar"]

    def _own(self) -> Bridge:
        return Bridge(self._upstream, self.headers, self.book.dialect, asyncio.get_running_loop())

    def _asked_for(self, patience_s: float) -> Encoders:
        url, key = self._settings.sidecar or "", self._settings.sidecar_key
        return Encoders(lambda spec: client_for(spec, url, key, patience_s), _PAUSE_S)

    async def _complete(self) -> None:
        with suppress(asyncio.CancelledError):
            await self.book.first(None)
            interval_s = self._settings.complete_interval_s
            await Completer(self._own(), self._encoders, self._metrics, interval_s).keep(self._specs)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))


def own_headers(settings: GatewaySettings) -> Headers:
    """The account that the gateway itself has on the cluster."""
    if settings.login is None:
        return []
    token = base64.b64encode(":".join(settings.login).encode())
    return [(b"authorization", b"Basic " + token)]
