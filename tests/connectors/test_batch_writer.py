"""What becomes of documents when the cluster has no room, or refuses a bulk as a whole."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from outrider.connectors import (
    ClusterUnavailable,
    Dialect,
    Document,
    Encoder,
    IndexSpec,
    RequestRefused,
    dialect_for,
)
from outrider.connectors.batch_writer import BatchWriter
from outrider.connectors.documents import prepare

OPENSEARCH = dialect_for("opensearch", "3.8.0")
SPEC = IndexSpec("things", ("title",), id_field="id")
BATCH = [prepare(SPEC, Document(n, {"id": f"d{n}", "title": ""})) for n in range(1, 9)]


@dataclass
class ScriptedCluster:
    """Answers each bulk by a function of the ids in it; keeps them."""

    answer: Callable[[int, str], int]
    bulks: list[list[str]] = field(default_factory=list)
    url: str = "http://scripted"
    dialect: Dialect = OPENSEARCH

    def read(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ARG002
        return {"docs": []}

    def write(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ARG002
        ids = [json.loads(line)["index"]["_id"] for line in body.splitlines()[::2]]
        self.bulks.append(ids)
        return {"items": [self._item(id, self.answer(len(self.bulks), id)) for id in ids]}

    def _item(self, id: str, status: int) -> dict[str, Any]:
        error = {"error": {"reason": "scripted"}} if status >= 400 else {}
        return {"index": {"_id": id, "status": status, **error}}


class PickyCluster(ScriptedCluster):
    """Refuses every bulk that has d3 in it, as a whole."""

    def write(self, method: str, path: str, body: Any = None) -> Any:
        answer = super().write(method, path, body)
        if "d3" in self.bulks[-1]:
            raise RequestRefused("too large", 413)
        return answer


def writer(cluster: ScriptedCluster, encoder: Encoder, patience_s: float = 5) -> BatchWriter:
    return BatchWriter(cluster, SPEC, encoder, patience_s=patience_s, skip_unchanged=True)


def test_only_those_turned_away_are_sent_again(encoder: Encoder) -> None:
    cluster = ScriptedCluster(lambda bulk, id: 429 if bulk == 1 and id in ("d2", "d5") else 201)
    outcomes = writer(cluster, encoder).write(BATCH)
    assert [outcome.status for outcome in outcomes] == ["written"] * 8
    assert cluster.bulks[1:] == [["d2", "d5"]]


def test_no_room_for_too_long_stops_instead_of_giving_documents_up(encoder: Encoder) -> None:
    with pytest.raises(ClusterUnavailable, match="no room for 8 documents"):
        writer(ScriptedCluster(lambda *_: 429), encoder, patience_s=0.1).write(BATCH)


def test_a_refused_document_fails_alone_and_at_once(encoder: Encoder) -> None:
    cluster = ScriptedCluster(lambda _, id: 400 if id == "d3" else 201)
    failed = [outcome for outcome in writer(cluster, encoder).write(BATCH) if outcome.status == "failed"]
    assert [(outcome.id, outcome.reason) for outcome in failed] == [("d3", "the cluster refused it with 400: scripted")]
    assert len(cluster.bulks) == 1


def test_a_bulk_refused_as_a_whole_is_halved_until_the_culprit_stands_alone(encoder: Encoder) -> None:
    cluster = PickyCluster(lambda *_: 201)
    outcomes = writer(cluster, encoder).write(BATCH)
    assert sorted(outcome.id or "" for outcome in outcomes if outcome.status == "written") == [
        "d1", "d2", "d4", "d5", "d6", "d7", "d8",
    ]  # fmt: skip
    (failed,) = (outcome for outcome in outcomes if outcome.status == "failed")
    assert (failed.id, "413" in failed.reason) == ("d3", True)
