"""An index that was there before us gets its vectors, on a real engine, whatever happens meanwhile."""

import json
import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    BadSpec,
    CheckpointUnusable,
    Cluster,
    Encoder,
    IndexingReport,
    IndexingStopped,
    IndexSpec,
    PageDone,
    Searcher,
    Slice,
    backfill,
    outlook,
    spec_in_place,
    work,
)

pytestmark = pytest.mark.engine

COUNT = 300


@pytest.fixture
def index(cluster: Cluster) -> Iterator[str]:
    """An application's own index: two shards, a pipeline that counts its runs, routed documents, odd ones too."""
    name = f"test-{uuid4().hex[:12]}"
    counting = {"processors": [{"script": {"source": "ctx.runs = (ctx.containsKey('runs') ? ctx.runs : 0) + 1"}}]}
    cluster.write("PUT", f"/_ingest/pipeline/{name}", counting)
    cluster.write("PUT", f"/{name}", {"settings": {"number_of_shards": 2, "default_pipeline": name}})
    fill(cluster, name, range(COUNT))
    yield name
    cluster.write("DELETE", f"/{name}?ignore_unavailable=true")
    cluster.write("DELETE", f"/_ingest/pipeline/{name}")


def fill(cluster: Cluster, name: str, numbers: range) -> None:
    lines = []
    for n in numbers:
        action = {"_id": f"d{n}", **({"routing": "elsewhere"} if n % 3 == 0 else {})}
        lines += [{"index": action}, {"title": f"cat number {n}", "price": n, "tags": {"x": [n]}}]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    assert not cluster.write("POST", f"/{name}/_bulk?refresh=true", body)["errors"]


def spec_of(cluster: Cluster, index: str, encoder: Encoder) -> IndexSpec:
    return spec_in_place(cluster, index, ("title",), encoder.models)


def stored(cluster: Cluster, index: str) -> dict[str, Any]:
    cluster.write("POST", f"/{index}/_refresh")
    hits = cluster.read("POST", f"/{index}/_search", {"size": 1000, "seq_no_primary_term": True})["hits"]["hits"]
    return {hit["_id"]: hit for hit in hits}


def put(cluster: Cluster, index: str, id: str, body: dict[str, Any]) -> None:
    cluster.write("PUT", f"/{index}/_doc/{id}", body)


def test_every_document_gets_its_vectors_and_keeps_all_else(
    cluster: Cluster, index: str, encoder: Encoder, tmp_path: Path
) -> None:
    spec = spec_of(cluster, index, encoder)
    seen: list[tuple[int, int]] = []
    report = backfill(
        cluster,
        spec,
        encoder,
        checkpoint=tmp_path / "c.json",
        batch_size=16,
        on_progress=lambda report, total: seen.append((report.seen, total)),
    )
    assert (report.seen, report.written, report.skipped, report.failed) == (COUNT, COUNT, 0, 0)
    assert seen[-1] == (COUNT, COUNT)
    found = stored(cluster, index)
    assert len(found) == COUNT
    for n in range(COUNT):
        hit = found[f"d{n}"]
        assert hit.get("_routing") == ("elsewhere" if n % 3 == 0 else None)
        source = hit["_source"]
        assert (source["price"], source["tags"], source["runs"]) == (n, {"x": [n]}, 1)
        assert source["outrider"]["state"] == "encoded"
        assert source["outrider_sparse"].keys() == {"cat", "number", str(n)}
    assert not (tmp_path / "c.json").exists()
    assert outlook(cluster, spec).encoded == COUNT
    assert Searcher(cluster, spec, encoder).search("cat number 7", "sparse", 1).results[0].id == "d7"


def test_run_again_it_skips_what_is_done_and_does_what_is_new(
    cluster: Cluster, index: str, encoder: Any, tmp_path: Path
) -> None:
    backfill(cluster, spec_of(cluster, index, encoder), encoder, checkpoint=tmp_path / "c.json")
    put(cluster, index, "d1", {"title": "dog now"})
    fill(cluster, index, range(COUNT, COUNT + 5))
    encoder.encoded.clear()
    again = backfill(cluster, spec_of(cluster, index, encoder), encoder, checkpoint=tmp_path / "c.json")
    assert (again.seen, again.written, again.skipped) == (COUNT + 5, 6, COUNT - 1)
    assert sorted(encoder.encoded) == sorted(["dog now", *(f"cat number {n}" for n in range(COUNT, COUNT + 5))])
    # Not the old terms and the new ones: the whole document is replaced.
    assert stored(cluster, index)["d1"]["_source"]["outrider_sparse"].keys() == {"dog", "now"}


def test_what_the_application_writes_meanwhile_stays(
    cluster: Cluster, index: str, encoder: Any, tmp_path: Path
) -> None:
    encode, touched = encoder.encode_document, []

    def interfering(texts: list[str]) -> Any:
        if not touched:
            touched.append(True)
            put(cluster, index, "d1", {"title": "dog meanwhile"})
            cluster.write("DELETE", f"/{index}/_doc/d2")
        return encode(texts)

    encoder.encode_document = interfering
    spec = spec_of(cluster, index, encoder)
    report = backfill(cluster, spec, encoder, checkpoint=tmp_path / "c.json", workers=1, batch_size=500)
    assert (report.seen, report.written, report.skipped, report.failed) == (COUNT, COUNT - 1, 1, 0)
    found = stored(cluster, index)
    assert "d2" not in found
    assert found["d1"]["_source"]["title"] == "dog meanwhile"
    assert found["d1"]["_source"]["outrider_sparse"] == {"dog": 1.0, "meanwhile": 1.0}


def test_an_encoder_that_goes_away_and_the_same_call_again(
    cluster: Cluster, index: str, new_encoder: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "c.json"
    failing = new_encoder(answers=5)
    spec = spec_of(cluster, index, failing)
    with pytest.raises(IndexingStopped, match="goes on from there") as stopped:
        backfill(cluster, spec, failing, checkpoint=path, batch_size=10, patience_s=0.1)
    before: IndexingReport = stopped.value.report
    assert 0 < before.written < COUNT
    fresh = new_encoder()
    report = backfill(cluster, spec, fresh, checkpoint=path, batch_size=10)
    assert (report.seen, report.written, report.failed) == (COUNT, COUNT, 0)
    assert len(fresh.encoded) == COUNT - before.written
    assert outlook(cluster, spec).encoded == COUNT


def test_slices_that_are_done_elsewhere_are_counted_here(
    cluster: Cluster, index: str, new_encoder: Callable[..., Any], tmp_path: Path
) -> None:
    def elsewhere(encoder: Encoder) -> Callable[[Sequence[Slice]], Iterator[PageDone]]:
        def spread(parts: Sequence[Slice]) -> Iterator[PageDone]:
            for part in parts:
                for page in work(cluster, encoder, pickle.loads(pickle.dumps(part))):
                    yield pickle.loads(pickle.dumps(page))

        return spread

    path = tmp_path / "c.json"
    failing, fresh = new_encoder(answers=7), new_encoder()
    spec = spec_of(cluster, index, failing)
    with pytest.raises(IndexingStopped, match="the encoder is away") as stopped:
        backfill(
            cluster, spec, failing, checkpoint=path, batch_size=10, slices=5, patience_s=0.1, spread=elsewhere(failing)
        )
    assert stopped.value.report.written > 50
    report = backfill(cluster, spec, fresh, checkpoint=path, batch_size=10, spread=elsewhere(fresh))
    assert (report.seen, report.written, report.failed) == (COUNT, COUNT, 0)
    assert len(fresh.encoded) == COUNT - stopped.value.report.written


def test_a_snapshot_that_is_gone_means_starting_over_and_skipping(
    cluster: Cluster, index: str, new_encoder: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "c.json"
    failing = new_encoder(answers=5)
    spec = spec_of(cluster, index, failing)
    with pytest.raises(IndexingStopped):
        backfill(cluster, spec, failing, checkpoint=path, batch_size=10, patience_s=0.1)
    cluster.write("DELETE", "/_search/point_in_time/_all")
    report = backfill(cluster, spec, new_encoder(), checkpoint=path, batch_size=10)
    assert (report.seen, report.written + report.skipped, report.failed) == (COUNT, COUNT, 0)
    assert report.skipped > 0


def test_bad_documents_are_put_on_record_and_stay_as_they_are(
    cluster: Cluster, index: str, encoder: Encoder, tmp_path: Path
) -> None:
    put(cluster, index, "odd", {"title": ["a", "list"]})
    put(cluster, index, "mute", {"title": "unspeakable"})
    put(cluster, index, "blank", {"title": None})
    letters = tmp_path / "failed.jsonl"
    spec = spec_of(cluster, index, encoder)
    report = backfill(cluster, spec, encoder, checkpoint=tmp_path / "c.json", dead_letters=letters)
    assert (report.seen, report.written, report.failed, report.blank) == (COUNT + 3, COUNT + 1, 2, 1)
    recorded = {letter["id"]: letter["reason"] for letter in map(json.loads, letters.read_text().splitlines())}
    assert recorded.keys() == {"odd", "mute"}
    found = stored(cluster, index)
    assert found["odd"]["_source"]["title"] == ["a", "list"]
    assert "outrider" not in found["mute"]["_source"]


def test_an_index_that_does_not_keep_its_documents_whole_is_refused(cluster: Cluster, encoder: Encoder) -> None:
    name = f"test-{uuid4().hex[:12]}"
    cluster.write("PUT", f"/{name}", {"mappings": {"_source": {"excludes": ["secret"]}}})
    with pytest.raises(BadSpec, match="would lose what is not kept"):
        spec_of(cluster, name, encoder)
    cluster.write("DELETE", f"/{name}")


def test_a_checkpoint_that_cannot_be_used_is_one_sentence(
    cluster: Cluster, index: str, encoder: Encoder, tmp_path: Path
) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"index": ')
    spec = spec_of(cluster, index, encoder)
    with pytest.raises(CheckpointUnusable, match="remove it to start over"):
        backfill(cluster, spec, encoder, checkpoint=path)
    with pytest.raises(CheckpointUnusable, match="cannot be written"):
        backfill(cluster, spec, encoder, checkpoint=tmp_path / "none" / "c.json")
    assert outlook(cluster, spec).encoded == 0
