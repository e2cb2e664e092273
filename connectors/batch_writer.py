"""One batch of documents: unchanged ones skipped, the others encoded and stored, an outcome for each."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from .client import Cluster
from .common.bulk import ItemFailure, bulk_lines, parse_bulk
from .documents import Prepared, source_json
from .enrich import Enriched, Parts, Rejected, enrich, is_unchanged
from .errors import BadDocument, ClusterUnavailable, EncoderUnavailable, RequestRefused
from .ports import Encoder
from .report import Outcome
from .request import index_path
from .spec import IndexSpec

Result = TypeVar("Result")
Made = TypeVar("Made", Enriched, Parts)

_TOO_LARGE = 413
_MALFORMED = 400


@dataclass(frozen=True, slots=True)
class Ready:
    """A document as it goes into a bulk."""

    document: Prepared
    source: bytes
    truncated: bool = False


class BatchWriter:
    """Writes batches, also several at a time from several threads; keeps nothing between them.

    Raises EncoderUnavailable or ClusterUnavailable after `patience_s` of trying.
    """

    def __init__(
        self, cluster: Cluster, spec: IndexSpec, encoder: Encoder, *, patience_s: float, skip_unchanged: bool
    ) -> None:
        self._cluster = cluster
        self._dialect = cluster.dialect
        self._spec = spec
        self._encoder = encoder
        self._patience_s = patience_s
        self._skip_unchanged = skip_unchanged

    def write(self, batch: Sequence[Prepared]) -> list[Outcome]:
        """Store the documents of a batch (all ids different); outcomes in any order."""
        stored = self._stored(batch) if self._skip_unchanged else {}
        unchanged = [d for d in batch if d.id in stored and is_unchanged(self._spec, d, stored[d.id])]
        done = [Outcome(document.position, document.id, "skipped") for document in unchanged]
        skipped = {document.id for document in unchanged}
        ready, failed = self._encoded([document for document in batch if document.id not in skipped])
        return [*done, *failed, *self._store(ready)]

    def _stored(self, batch: Sequence[Prepared]) -> dict[str, Mapping[str, Any]]:
        """What the index has of these ids, without the vectors."""
        path = index_path(self._spec.index, self._dialect.mget_path(self._spec.vector_fields))
        answer = self._cluster.read("POST", path, {"ids": [document.id for document in batch]})
        return {doc["_id"]: doc["_source"] for doc in answer["docs"] if doc.get("found")}

    def _encoded(self, documents: Sequence[Prepared]) -> tuple[list[Ready], list[Outcome]]:
        found = self._patiently(enrich, self._dialect, self._spec, self._encoder, documents)
        return sorted_out(found, lambda each: [Ready(each.document, source_json(each.source), each.truncated)])

    def _patiently(self, encode: Callable[..., list[Result]], *arguments: Any) -> list[Result]:
        """What `encode` gives, tried again while the encoder is away."""
        retrying = Retrying(
            retry=retry_if_exception_type(EncoderUnavailable),
            wait=wait_random_exponential(0.2, max=5),
            stop=stop_after_delay(self._patience_s),
            reraise=True,
        )
        return retrying(encode, *arguments)

    def _store(self, ready: Sequence[Ready]) -> Iterator[Outcome]:
        """Bulk the documents; those that are turned away for lack of room are sent again."""
        deadline_s = time.monotonic() + self._patience_s
        for pause_s in pauses():
            again: list[Ready] = []
            for each, error in self._bulk(ready):
                if error is None:
                    yield success(each)
                elif error.is_retriable:
                    again.append(each)
                else:
                    yield failure(each.document, f"the cluster refused it with {error.status}: {error.reason}")
            if not again:
                return
            if time.monotonic() + pause_s > deadline_s:
                raise ClusterUnavailable(
                    f"{self._cluster.url} had no room for {len(again)} documents in {self._patience_s:g} s; "
                    f"run the same command again later: what is stored is skipped"
                )
            time.sleep(pause_s)
            ready = again

    def _lines(self, ready: Sequence[Ready]) -> bytes:
        return bulk_lines((each.document.id, each.source) for each in ready)

    def _bulk(self, ready: Sequence[Ready]) -> Iterator[tuple[Ready, ItemFailure | None]]:
        """Send documents in one bulk; a bulk that is refused as a whole is halved until the culprit stands alone."""
        if not ready:
            return
        try:
            response = self._cluster.write("POST", index_path(self._spec.index, "/_bulk"), self._lines(ready))
        except RequestRefused as err:
            if err.status not in (_MALFORMED, _TOO_LARGE):
                raise
            if len(ready) == 1:
                yield ready[0], ItemFailure(err.status, str(err))
                return
            middle = len(ready) // 2
            yield from self._bulk(ready[:middle])
            yield from self._bulk(ready[middle:])
            return
        yield from zip(ready, parse_bulk(response), strict=True)


def sorted_out(
    found: Sequence[Made | Rejected], ready_of: Callable[[Made], list[Ready]]
) -> tuple[list[Ready], list[Outcome]]:
    """What goes into a bulk of the documents that were encoded, and the failures of those that cannot be stored."""
    ready: list[Ready] = []
    failed: list[Outcome] = []
    for each in found:
        try:
            if isinstance(each, Rejected):
                raise BadDocument(each.reason)
            ready += ready_of(each)
        except BadDocument as err:
            failed.append(failure(each.document, str(err)))
    return ready, failed


def success(ready: Ready) -> Outcome:
    note = "" if ready.document.text else "no text, stored without vectors"
    return Outcome(ready.document.position, ready.document.id, "written", note=note, truncated=ready.truncated)


def failure(document: Prepared, reason: str) -> Outcome:
    return Outcome(document.position, document.id, "failed", reason, document=document.fields)


def pauses() -> Iterator[float]:
    pause_s = 0.2
    while True:
        yield pause_s
        pause_s = min(pause_s * 2, 5.0)
