"""Documents without their vectors get them, once the encoder is there.

Pending ones, those that got past us, and those that were encoded by other models than the index is made with now.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable

from outrider.connectors import Cluster, Completed, ConnectorError, IndexSpec, complete_some

from .encoding import Encoders
from .metrics import GatewayMetrics

log = logging.getLogger(__name__)

_PATIENCE_S = 10.0


class Completer:
    """Goes through the indices every `interval_s`."""

    def __init__(self, own: Cluster, encoders: Encoders, metrics: GatewayMetrics, interval_s: float) -> None:
        self._own = own
        self._metrics = metrics
        self._encoders = encoders
        self._interval_s = interval_s

    async def keep(self, specs: Callable[[], Iterable[IndexSpec]]) -> None:
        """Round after round, until cancelled."""
        told: dict[str, str] = {}
        while True:
            await asyncio.sleep(self._interval_s)
            for spec in specs():
                try:
                    await self._one(spec)
                    told.pop(spec.index, None)
                except ConnectorError as err:
                    if told.get(spec.index) != str(err):
                        log.warning("documents of %s without vectors stay so for now: %s", spec.index, err)
                    told[spec.index] = str(err)

    def _some(self, spec: IndexSpec) -> Completed:
        encoder = self._encoders.of(spec)
        encoder.check(spec)
        return complete_some(self._own, spec, encoder, patience_s=_PATIENCE_S)

    async def _one(self, spec: IndexSpec) -> None:
        """All of one index."""
        while True:
            done = await asyncio.to_thread(self._some, spec)
            self._metrics.documents("completed", done.seen - done.failed)
            if not done.seen:
                return
            log.info("%s: %d documents looked at, %d cannot have vectors", spec.index, done.seen, done.failed)
