"""Documents of one index brought into another that is encoded otherwise, whoever writes to either meanwhile."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..batch_writer import BatchWriter, Ready
from ..client import Cluster
from ..common.bulk import ItemFailure, parse_bulk
from ..common.scan import Place, Stored, delete_lines, mget_body, put_line, stored
from ..documents import ID_KEY, Document, Prepared, prepare, source_json
from ..enrich import failed_marker, is_unchanged
from ..errors import BadDocument
from ..ports import Encoder
from ..report import Outcome
from ..spec import IndexSpec

# Notes: of a document that is here no more, as it is in the origin; and of one that is here, but without vectors.
DELETED = "deleted"
WITHOUT_VECTORS = "stored without vectors"
_CONFLICT = 409
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Origin:
    """The index that documents come from, and the fields in it that are ours and stay behind."""

    index: str
    own_fields: tuple[str, ...] = ()


class Follower(BatchWriter):
    """Makes a document in its own index what it is in the origin.

    It writes only over what it has just read, and reads the origin again whenever it lost a race: so whoever writes
    last has seen the last version. For one thread. Raises EncoderUnavailable or ClusterUnavailable after `patience_s`.
    """

    def __init__(
        self, cluster: Cluster, origin: Origin, spec: IndexSpec, encoder: Encoder, *, patience_s: float
    ) -> None:
        super().__init__(cluster, replace(spec, id_field=None), encoder, patience_s=patience_s, skip_unchanged=True)
        self.origin = origin
        self._here: dict[str, Stored] = {}
        self._routing: dict[str, str | None] = {}
        self._conflicts: list[str] = []

    @property
    def index(self) -> str:
        """The index that is written to."""
        return self._spec.index

    def rewrite(self, page: Sequence[Stored], position: int) -> list[Outcome]:
        """One outcome for each document, as it was read from the origin; `position` is the first one's."""
        return self._bring([each.place for each in page], position, {each.place.id: each for each in page})

    def follow(self, places: Sequence[Place], position: int = 1) -> list[Outcome]:
        """One outcome for each document, as it is in the origin now; what is not there is deleted here as well."""
        return self._bring(places, position, {})

    def _bring(self, places: Sequence[Place], position: int, read: Mapping[str, Stored]) -> list[Outcome]:
        """`read` are documents as they were a while ago: good enough where nothing is here yet."""
        positions = {place.id: number for number, place in enumerate(places, start=position)}
        self._routing = {place.id: place.routing for place in places}
        open_ids = list(positions)
        outcomes: list[Outcome] = []
        for _ in range(_ROUNDS):
            self._here = self._documents(self._spec.index, open_ids, self._spec.vector_fields)
            again = [id for id in open_ids if id in self._here or id not in read]
            origin = {**{id: read[id] for id in open_ids if id in read and id not in again}, **self._read(again)}
            self._conflicts = []
            outcomes += self._deleted([id for id in open_ids if id not in origin], positions)
            outcomes += self._written([origin[id] for id in open_ids if id in origin], positions)
            if not self._conflicts:
                return outcomes
            open_ids, read = self._conflicts, {}
        reason = f"it was changed {_ROUNDS} times while it was being encoded; run the same command again"
        return [*outcomes, *(Outcome(positions[id], id, "failed", reason) for id in open_ids)]

    def _read(self, ids: Sequence[str]) -> dict[str, Stored]:
        return self._documents(self.origin.index, ids, self.origin.own_fields)

    def _documents(self, index: str, ids: Sequence[str], without: Sequence[str]) -> dict[str, Stored]:
        """Those of the documents that are in an index now, without these fields."""
        if not ids:
            return {}
        places = [Place(index, id, self._routing[id], 0, 0) for id in ids]
        answer = self._cluster.read("POST", self._dialect.mget_path(without), mget_body(places))
        return {doc["_id"]: stored(doc) for doc in answer["docs"] if doc.get("found")}

    def _written(self, documents: Sequence[Stored], positions: Mapping[str, int]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        changed: list[Prepared] = []
        rejected: list[Outcome] = []
        for each in documents:
            id = each.place.id
            fields = {name: value for name, value in each.source.items() if name not in self.origin.own_fields}
            try:
                document = prepare(self._spec, Document(positions[id], {**fields, ID_KEY: id}))
            except BadDocument as err:
                rejected.append(Outcome(positions[id], id, "failed", str(err), document=fields))
                continue
            if id in self._here and is_unchanged(self._spec, document, self._here[id].source):
                outcomes.append(Outcome(positions[id], id, "skipped"))
            else:
                changed.append(document)
        ready, failed = self._encoded(changed)
        return [*outcomes, *self._store(ready), *self._kept([*rejected, *failed])]

    def _kept(self, failed: Sequence[Outcome]) -> Iterator[Outcome]:
        """No document is lost because it cannot be encoded: it is stored without vectors, marked as failed."""
        reasons = {outcome.id: outcome.reason for outcome in failed}
        documents = {outcome.id: {**outcome.document, ID_KEY: outcome.id} for outcome in failed}
        ready: list[Ready] = []
        for outcome in failed:
            fields = dict(outcome.document)
            document = Prepared(outcome.position, str(outcome.id), fields, "", 0)
            ready.append(Ready(document, source_json({**fields, **failed_marker(self._spec, outcome.reason)})))
        for outcome in self._store(ready):
            if outcome.status != "written":
                yield outcome
                continue
            reason = f"{WITHOUT_VECTORS}: {reasons[outcome.id]}"
            yield Outcome(
                outcome.position, outcome.id, "failed", reason, WITHOUT_VECTORS, document=documents[outcome.id]
            )

    def _deleted(self, ids: Sequence[str], positions: Mapping[str, int]) -> list[Outcome]:
        """Delete here what is no more in the origin."""
        present = [self._here[id].place for id in ids if id in self._here]
        outcomes = [Outcome(positions[id], id, "skipped", note=DELETED) for id in ids if id not in self._here]
        if not present:
            return outcomes
        answer: Any = self._cluster.write("POST", "/_bulk", delete_lines(present))
        for place, error in zip(present, parse_bulk(answer), strict=True):
            if error is not None:
                self._conflicts.append(place.id)
            else:
                outcomes.append(Outcome(positions[place.id], place.id, "written", note=DELETED))
        return outcomes

    def _lines(self, ready: Sequence[Ready]) -> bytes:
        return b"".join(self._line(each.document.id) + b"\n" + each.source + b"\n" for each in ready)

    def _line(self, id: str) -> bytes:
        found = self._here.get(id)
        return put_line(found.place if found else None, Place(self._spec.index, id, self._routing[id], 0, 0))

    def _bulk(self, ready: Sequence[Ready]) -> Iterator[tuple[Ready, ItemFailure | None]]:
        """As any bulk; conflicts are kept for the next round."""
        for each, error in super()._bulk(ready):
            if error is not None and error.status == _CONFLICT:
                self._conflicts.append(each.document.id)
            else:
                yield each, error
