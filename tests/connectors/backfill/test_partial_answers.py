"""A shard that is nowhere, on real engines: what it holds is neither passed over nor taken for deleted."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from outrider.connectors.counting import count_written

pytestmark = pytest.mark.engine

COUNT = 40


@pytest.fixture
def hasty(either: Cluster) -> Cluster:
    """The same cluster, asked without much patience."""
    return connect(either.url, patience_s=0.5)


@pytest.fixture
def index(either: Cluster) -> Iterator[str]:
    """Two shards with documents in both."""
    name = f"test-{uuid4().hex[:12]}"
    settings = {"number_of_shards": 2, "number_of_replicas": 0}
    either.write("PUT", f"/{name}", {"settings": settings})
    lines = [line for n in range(COUNT) for line in ({"index": {"_id": f"d{n}"}}, {"title": f"cat number {n}"})]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    assert not either.write("POST", f"/{name}/_bulk?refresh=true", body)["errors"]
    yield name
    either.write("DELETE", f"/{name}*?ignore_unavailable=true")


@contextmanager
def one_shard_nowhere(cluster: Cluster, index: str) -> Iterator[None]:
    """Only one of its shards may be on the only node."""
    place = "index.routing.allocation.total_shards_per_node"
    cluster.write("PUT", f"/{index}/_settings", {place: 1})
    cluster.write("POST", f"/{index}/_close")
    cluster.write("POST", f"/{index}/_open?wait_for_active_shards=0")
    cluster.read("GET", f"/_cluster/health/{index}?wait_for_status=red&timeout=30s")
    wait_for_shards(cluster, index, 1)
    yield
    cluster.write("PUT", f"/{index}/_settings", {place: None})
    cluster.read("GET", f"/_cluster/health/{index}?wait_for_status=green&timeout=30s")


def wait_for_shards(cluster: Cluster, index: str, wanted: int) -> None:
    for _ in range(300):
        found = cluster.read("GET", f"/_cluster/health/{index}?wait_for_no_initializing_shards=true&timeout=5s")
        if found["active_shards"] == wanted:
            return
    raise AssertionError(f"{index} has not {wanted} shards: {found}")


def test_a_backfill_stops_and_goes_on_when_the_shard_is_back(
    either: Cluster, hasty: Cluster, index: str, new_encoder: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "c.json"
    spec = spec_in_place(either, index, ("title",), new_encoder().models)
    with pytest.raises(IndexingStopped):
        backfill(either, spec, new_encoder(answers=2), checkpoint=path, batch_size=5, patience_s=0.1)
    kept = path.read_bytes()
    with one_shard_nowhere(either, index):
        with pytest.raises(ClusterUnavailable, match=r"shards failed|no shard"):
            backfill(hasty, spec, new_encoder(), checkpoint=path, batch_size=5)
        assert path.read_bytes() == kept
    report = backfill(either, spec, new_encoder(), checkpoint=path, batch_size=5)
    assert (report.seen, report.failed) == (COUNT, 0)
    assert outlook(either, spec).encoded == COUNT


def test_nothing_is_counted_or_read_without_one_of_the_shards(either: Cluster, hasty: Cluster, index: str) -> None:
    with one_shard_nowhere(either, index):
        with pytest.raises(PartialAnswer, match="1 of 2 shards failed"):
            count_written(hasty, index)
        with pytest.raises(ClusterUnavailable, match="1 of them are nowhere"):
            marks_of(hasty, index)
        with pytest.raises(ClusterUnavailable):
            list(pages(hasty, index, {"match_all": {}}, 10))
        with pytest.raises(ClusterUnavailable):
            list(read_documents(hasty, index, ["title"]))
    assert count_written(either, index) == COUNT
    assert len(list(read_documents(either, index, ["title"]))) == COUNT


def test_what_cannot_be_read_in_the_origin_is_not_deleted_in_the_target(
    either: Cluster, hasty: Cluster, index: str, encoder: Encoder, tmp_path: Path
) -> None:
    origin = Origin(index)
    spec = replace(spec_in_place(either, index, ("title",), encoder.models), index=f"{index}-filled")
    backfill(either, spec, encoder, origin=origin, checkpoint=tmp_path / "c.json")
    places = [place for page in pages(either, index, {"match_all": {}}, COUNT) for place in page]
    with one_shard_nowhere(either, index), pytest.raises(PartialAnswer, match="documents could not be read"):
        Follower(hasty, origin, spec, encoder, patience_s=0.1).follow(places)
    assert count_written(either, spec.index) == COUNT
