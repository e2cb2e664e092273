"""One batch of documents through the engine's own pipeline, which calls the sidecar; what it marked is read back."""

import time
from collections.abc import Iterator, Sequence

from .batch_writer import BatchWriter, Ready, failure, pauses
from .documents import Prepared, source_json
from .errors import EncoderUnavailable
from .report import Outcome
from .request import index_path

_LONE_ATTEMPTS = 3


class NativeWriter(BatchWriter):
    """Sends documents as they are. The pipeline stores a document it cannot encode, with a mark: that is no success.

    One text that cannot be encoded fails those sent with it; so the marked ones are sent again one by one.
    """

    def _encoded(self, documents: Sequence[Prepared]) -> tuple[list[Ready], list[Outcome]]:
        return [Ready(document, source_json(document.fields)) for document in documents], []

    def _store(self, ready: Sequence[Ready]) -> Iterator[Outcome]:
        outcomes = list(super()._store(ready))
        marked = self._marked([outcome for outcome in outcomes if outcome.status == "written" and not outcome.note])
        yield from (outcome for outcome in outcomes if outcome.id not in marked)
        again = [each for each in ready if each.document.id in marked]
        yield from self._one_by_one(again, everything=len(again) == len(ready))

    def _one_by_one(self, marked_ones: Sequence[Ready], everything: bool) -> Iterator[Outcome]:
        """`everything`: where the whole batch was marked, and still is, the sidecar is taken to be away."""
        deadline_s = time.monotonic() + self._patience_s
        for attempt, pause_s in enumerate(pauses(), start=1):
            reasons: dict[str, str] = {}
            for each in marked_ones:
                outcomes = list(super()._store([each]))
                marked = self._marked([outcome for outcome in outcomes if outcome.status == "written"])
                reasons |= marked
                yield from (outcome for outcome in outcomes if outcome.id not in marked)
            everything = everything and len(reasons) == len(marked_ones)
            marked_ones = [each for each in marked_ones if each.document.id in reasons]
            if not marked_ones:
                return
            if everything and time.monotonic() + pause_s > deadline_s:
                reason = next(iter(reasons.values()))
                raise EncoderUnavailable(
                    f"{self._cluster.url} could encode none of {len(marked_ones)} documents in "
                    f"{self._patience_s:g} s: {reason}; "
                    f"they are stored without vectors, and the same command run again encodes them"
                )
            if not everything and attempt == _LONE_ATTEMPTS:
                for each in marked_ones:
                    yield failure(
                        each.document, f"stored without vectors, it could not be encoded: {reasons[each.document.id]}"
                    )
                return
            time.sleep(pause_s)

    def _marked(self, written: Sequence[Outcome]) -> dict[str, str]:
        """Which of the stored documents the pipeline marked as failed, and why."""
        if not written:
            return {}
        marker = self._spec.marker
        path = index_path(self._spec.index, f"/_mget?_source_includes={marker}.state,{marker}.error")
        answer = self._cluster.read("POST", path, {"ids": [outcome.id for outcome in written]})
        marks = {doc["_id"]: doc.get("_source", {}).get(marker, {}) for doc in answer["docs"]}
        return {
            id: str(mark.get("error", "the pipeline did not run"))
            for id, mark in marks.items()
            if mark.get("state") != "encoded"
        }
