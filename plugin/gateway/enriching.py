"""Documents with their vectors, from threads beside the event loop; what happens while the encoder is away."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from outrider.connectors import (
    Cluster,
    ConnectorError,
    EncoderUnavailable,
    Enriched,
    IndexSpec,
    Rejected,
    complete,
    index_path,
)

from .drafts import Draft, failed, with_vectors, without_vectors
from .encoding import Encoders, encode
from .metrics import GatewayMetrics

Place = tuple[str, str | None]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """What became of the documents of one request."""

    encoded: int = 0
    pending: int = 0
    failed: int = 0
    refused: int = 0

    def header(self) -> tuple[bytes, bytes]:
        """For the one who asks why."""
        told = f"encoded={self.encoded}; pending={self.pending}; failed={self.failed}; refused={self.refused}"
        return b"x-outrider", told.encode()


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that is not to be stored now."""

    reason: str


class Enricher:
    """Encodes what is written; `own` is the gateway's own way to the cluster, for what it does after a write."""

    def __init__(
        self,
        own: Cluster,
        encoders: Encoders,
        metrics: GatewayMetrics,
        *,
        patience_s: float,
        threads: int = 4,
    ) -> None:
        self.own = own
        self.encoders = encoders
        self.patience_s = patience_s
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="outrider-enrich")

    def close(self) -> None:
        """Wait for nothing."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def enriched(self, drafts: Sequence[Draft], tally: Tally) -> list[bytes | Refused]:
        """Each document as it is to be stored, in order."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._enriched, drafts, tally)

    async def completed(
        self,
        spec: IndexSpec,
        places: Sequence[Place],
        told: Sequence[dict[str, Any]],
        tally: Tally,
        *,
        refresh: bool,
        without: Sequence[str] = (),
    ) -> None:
        """Documents get the vectors of what they hold now; or later, if need be. They lose the fields `without`.

        What was `told` of each is then about the last write, so that a client can go on by its version.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._pool, self._completed, spec, places, told, tally, refresh, without)

    def _enriched(self, drafts: Sequence[Draft], tally: Tally) -> list[bytes | Refused]:
        done: dict[int, bytes | Refused] = {}
        for spec in {each.spec.index: each.spec for each in drafts}.values():
            places = [place for place, each in enumerate(drafts) if each.spec.index == spec.index]
            done |= dict(zip(places, self._of_one(spec, [drafts[place] for place in places], tally), strict=True))
        return [done[place] for place in range(len(drafts))]

    def _of_one(self, spec: IndexSpec, drafts: Sequence[Draft], tally: Tally) -> list[bytes | Refused]:
        sound = [each.prepared() for each in drafts if not each.reason]
        try:
            results = iter(encode(self.own.dialect, self.encoders.of(spec), spec, sound))
        except EncoderUnavailable as err:
            log.warning("%d documents for %s could not be encoded: %s", len(drafts), spec.index, err)
            return self._unencoded(spec, drafts, str(err), tally)
        return [self._with(each, None if each.reason else next(results), tally) for each in drafts]

    def _with(self, each: Draft, made: Enriched | Rejected | None, tally: Tally) -> bytes:
        source, reason = (failed(each, each.reason), each.reason) if made is None else with_vectors(each, made)
        self._count(tally, "failed" if reason else "encoded", 1)
        return source

    def _unencoded(self, spec: IndexSpec, drafts: Sequence[Draft], reason: str, tally: Tally) -> list[bytes | Refused]:
        if spec.when_encoder_down.writes == "refuse":
            self._count(tally, "refused", len(drafts))
            return [Refused(f"it cannot be encoded now: {reason}") for _ in drafts]
        self._count(tally, "pending", len(drafts))
        return [without_vectors(each) for each in drafts]

    def _completed(
        self,
        spec: IndexSpec,
        places: Sequence[Place],
        told: Sequence[dict[str, Any]],
        tally: Tally,
        refresh: bool,
        without: Sequence[str],
    ) -> None:
        try:
            encoder = self.encoders.of(spec)
            encoder.check(spec)
            done = complete(self.own, spec, encoder, places, self.patience_s, without=without)
            self._count(tally, "encoded", done.seen - done.failed)
            self._count(tally, "failed", done.failed)
            self._tell_versions(spec, places, told)
            if refresh:
                self.own.write("POST", index_path(spec.index, "/_refresh"))
        except ConnectorError as err:
            log.warning("%d documents of %s are completed later: %s", len(places), spec.index, err)
            self._count(tally, "pending", len(places))

    def _count(self, tally: Tally, outcome: Literal["encoded", "pending", "failed", "refused"], count: int) -> None:
        setattr(tally, outcome, getattr(tally, outcome) + count)
        self._metrics.documents(outcome, count)

    def _tell_versions(self, spec: IndexSpec, places: Sequence[Place], told: Sequence[dict[str, Any]]) -> None:
        docs = [{"_id": id, "_source": False, **({"routing": routing} if routing else {})} for id, routing in places]
        found = self.own.read("POST", index_path(spec.index, "/_mget"), {"docs": docs})["docs"]
        for item, now in zip(told, found, strict=True):
            item.update({key: now[key] for key in ("_version", "_seq_no", "_primary_term") if key in now})
