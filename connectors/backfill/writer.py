"""One page of stored documents: unchanged ones skipped, the others encoded and written back, an outcome for each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..batch_writer import BatchWriter, Ready
from ..client import Cluster
from ..common.bulk import ItemFailure
from ..common.scan import Place, Stored, mget_body, rewrite_lines, stored
from ..documents import ID_KEY, Document, Prepared, prepare
from ..enrich import is_unchanged
from ..errors import BadDocument
from ..ports import Encoder
from ..report import Outcome
from ..spec import IndexSpec

_CONFLICT = 409
_ROUNDS = 5


class InPlaceWriter(BatchWriter):
    """Writes a document back only if it is still the one that was read; else it is read and encoded again.

    For one thread. Raises EncoderUnavailable or ClusterUnavailable after `patience_s` of trying.
    """

    def __init__(self, cluster: Cluster, spec: IndexSpec, encoder: Encoder, *, patience_s: float) -> None:
        super().__init__(cluster, replace(spec, id_field=None), encoder, patience_s=patience_s, skip_unchanged=True)
        self._places: dict[str, Place] = {}
        self._conflicts: list[str] = []

    def rewrite(self, page: Sequence[Stored], position: int) -> list[Outcome]:
        """One outcome for each document; `position` is the first one's."""
        positions = {each.place.id: number for number, each in enumerate(page, start=position)}
        outcomes: list[Outcome] = []
        for _ in range(_ROUNDS):
            outcomes += self._round(page, positions)
            if not self._conflicts:
                return outcomes
            page, gone = self._read_again()
            outcomes += [Outcome(positions[id], id, "skipped", note="deleted meanwhile") for id in gone]
        reason = f"it was changed {_ROUNDS} times while it was being encoded; run the same command again"
        return [*outcomes, *(_failure(each, positions[each.place.id], reason) for each in page)]

    def _round(self, page: Sequence[Stored], positions: Mapping[str, int]) -> list[Outcome]:
        self._places = {each.place.id: each.place for each in page}
        self._conflicts = []
        outcomes: list[Outcome] = []
        changed: list[Prepared] = []
        for each in page:
            id = each.place.id
            try:
                document = prepare(self._spec, Document(positions[id], {**each.source, ID_KEY: id}))
            except BadDocument as err:
                outcomes.append(_failure(each, positions[id], str(err)))
                continue
            if is_unchanged(self._spec, document, each.source):
                outcomes.append(Outcome(positions[id], id, "skipped"))
            else:
                changed.append(document)
        ready, failed = self._encoded(changed)
        return [*outcomes, *failed, *self._store(ready)]

    def _read_again(self) -> tuple[list[Stored], list[str]]:
        """The documents in conflict as they are now, and the ids of those that are no more."""
        places = [self._places[id] for id in self._conflicts]
        answer = self._cluster.read("POST", self._dialect.mget_path(self._spec.vector_fields), mget_body(places))
        found = [stored(doc) for doc in answer["docs"] if doc.get("found")]
        present = {each.place.id for each in found}
        return found, [id for id in self._conflicts if id not in present]

    def _lines(self, ready: Sequence[Ready]) -> bytes:
        return rewrite_lines((self._places[each.document.id], each.source) for each in ready)

    def _bulk(self, ready: Sequence[Ready]) -> Iterator[tuple[Ready, ItemFailure | None]]:
        """As any bulk; conflicts are kept for the next round."""
        for each, error in super()._bulk(ready):
            if error is not None and error.status == _CONFLICT:
                self._conflicts.append(each.document.id)
            else:
                yield each, error


def _failure(document: Stored, position: int, reason: str) -> Outcome:
    body: dict[str, Any] = {**document.source, ID_KEY: document.place.id}
    return Outcome(position, document.place.id, "failed", reason, document=body)
