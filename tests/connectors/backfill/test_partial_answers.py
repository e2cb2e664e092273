"""Shards that are nowhere or fail, on real engines: what they hold is neither passed over nor taken for deleted."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    Cluster,
    ClusterUnavailable,
    Encoder,
    Follower,
    IndexingStopped,
    OpenSearchCluster,
    Origin,
    PartialAnswer,
    backfill,
    connect,
    outlook,
    read_documents,
    spec_in_place,
)
from outrider.connectors.backfill.catch_up import marks_of
from outrider.connectors.backfill.compare import pages
from outrider.connectors.common.scan import Place
from outrider.connectors.counting import count, count_written

pytestmark = pytest.mark.engine

COUNT = 40
CAP = "index.routing.allocation.total_shards_per_node"


class Failing(OpenSearchCluster):
    """Loses a shard from so many pages."""

    pages = 0

    def _once(self, method: str, path: str, body: Any) -> Any:
        answer = super()._once(method, path, body)
        if path == "/_search" and body["size"] and self.pages:
            self.pages -= 1
            answer["hits"]["hits"] = []
            answer["_shards"] |= {"successful": 1, "failed": 1, "failures": [{"reason": {"reason": "disk gone"}}]}
        return answer


def bulk(cluster: Cluster, index: str, timeout: str = "1m") -> list[str]:
    """The ids of the documents that could be stored."""
    lines = [line for n in range(COUNT) for line in ({"index": {"_id": f"d{n}"}}, {"title": f"cat number {n}"})]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    items = cluster.write("POST", f"/{index}/_bulk?refresh=true&timeout={timeout}", body)["items"]
    return [item["index"]["_id"] for item in items if "error" not in item["index"]]


@pytest.fixture
def failing(opensearch: Any) -> Failing:
    return Failing(opensearch.url, patience_s=2)


@pytest.fixture
def two_shards(failing: Failing) -> Iterator[str]:
    name = f"test-{uuid4().hex[:12]}"
    failing.write("PUT", f"/{name}", {"settings": {"number_of_shards": 2, "number_of_replicas": 0}})
    assert len(bulk(failing, name)) == COUNT
    yield name
    failing.write("DELETE", f"/{name}")


def test_a_page_without_a_shard_is_asked_for_again(
    failing: Failing, two_shards: str, encoder: Encoder, tmp_path: Path
) -> None:
    spec = spec_in_place(failing, two_shards, ("title",), encoder.models)
    failing.pages = 3
    report = backfill(failing, spec, encoder, checkpoint=tmp_path / "c.json", batch_size=5, workers=2)
    assert (report.seen, report.written, failing.pages) == (COUNT, COUNT, 0)


def test_where_it_stays_away_the_checkpoint_stays(
    failing: Failing, two_shards: str, new_encoder: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "c.json"
    spec = spec_in_place(failing, two_shards, ("title",), new_encoder().models)
    with pytest.raises(IndexingStopped, match="the encoder is away"):
        backfill(failing, spec, new_encoder(answers=2), checkpoint=path, batch_size=5, workers=1, patience_s=0.1)
    failing.pages = 1000
    kept = json.loads(path.read_bytes())
    with pytest.raises(IndexingStopped, match=r"1 of 2 shards failed: disk gone.*the same command goes on"):
        backfill(failing, spec, new_encoder(), checkpoint=path, batch_size=5, workers=1)
    assert json.loads(path.read_bytes()) == kept
    failing.pages = 0
    report = backfill(failing, spec, new_encoder(), checkpoint=path, batch_size=5, workers=1)
    assert (report.seen, report.written, report.failed) == (COUNT, COUNT, 0)
    assert outlook(failing, spec).encoded == COUNT


@pytest.fixture
def hasty(either: Cluster) -> Iterator[Cluster]:
    """The same cluster, asked without much patience: a refresh waits a minute for a shard that is nowhere."""
    with closing(connect(either.url, timeout_s=2, patience_s=0.5)) as cluster:
        yield cluster


@pytest.fixture
def half(either: Cluster) -> Iterator[str]:
    """An index one of whose two shards is nowhere: the only node may have one of them."""
    name = f"test-{uuid4().hex[:12]}"
    settings = {"number_of_shards": 2, "number_of_replicas": 0, CAP: 1}
    either.write("PUT", f"/{name}?wait_for_active_shards=1", {"settings": settings})
    yield name
    either.write("DELETE", f"/{name},{name}-filled?ignore_unavailable=true")


def test_nothing_is_counted_or_read_without_one_of_the_shards(
    either: Cluster, hasty: Cluster, half: str, encoder: Encoder, tmp_path: Path
) -> None:
    present = bulk(either, half, timeout="10ms")
    assert 0 < len(present) < COUNT
    spec = spec_in_place(either, half, ("title",), encoder.models)
    for asked in (
        lambda: count(hasty, half),
        lambda: marks_of(hasty, half),
        lambda: list(pages(hasty, half, {"match_all": {}}, 10)),
        lambda: list(read_documents(hasty, half, ["title"])),
        lambda: backfill(hasty, spec, encoder, checkpoint=tmp_path / "c.json"),
    ):
        with pytest.raises(ClusterUnavailable):
            asked()
    either.write("PUT", f"/{half}/_settings", {CAP: None})
    either.read("GET", f"/_cluster/health/{half}?wait_for_status=green&timeout=60s")
    report = backfill(either, spec, encoder, checkpoint=tmp_path / "c.json")
    assert (report.seen, report.failed) == (len(present), 0)


def test_what_cannot_be_read_in_the_origin_is_not_deleted_in_the_target(
    either: Cluster, hasty: Cluster, half: str, encoder: Encoder
) -> None:
    target = f"{half}-filled"
    assert len(bulk(either, target)) == COUNT
    spec = replace(spec_in_place(either, target, ("title",), encoder.models), index=target)
    places = [Place(half, f"d{n}", None, 0, 0) for n in range(COUNT)]
    with pytest.raises(PartialAnswer, match="documents could not be read"):
        Follower(hasty, Origin(half), spec, encoder, patience_s=0.1).follow(places)
    assert count_written(either, target) == COUNT
