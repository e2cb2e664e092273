"""An index that keeps chunks, on a real engine: stored, searched by the best chunk, reranked by it, and named by it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outrider.connectors import (
    BadSpec,
    Chunking,
    Cluster,
    DenseField,
    Document,
    Encoder,
    Excerpt,
    IndexingStopped,
    IndexSpec,
    Searcher,
    backfill,
    connect,
    ensure_index,
    index_documents,
    read_spec,
    spec_in_place,
)

pytestmark = pytest.mark.engine

LONG = "The first one is about nothing. A cat sat here. Then a dog and a dog came. Nothing more was seen."


@pytest.fixture
def chunked(spec: IndexSpec) -> IndexSpec:
    return replace(spec, chunks=Chunking("sentence", size=6, title="title"))


def documents(*bodies: dict[str, Any]) -> list[Document]:
    return [Document(n, {"id": f"d{n}", **body}) for n, body in enumerate(bodies, start=1)]


def fill(cluster: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    bodies = ({"title": "pets", "body": LONG}, {"title": "dog", "body": "One car."}, {"title": "tax"}, {"title": ""})
    report = index_documents(cluster, spec, encoder, documents(*bodies))
    assert (report.written, report.blank, report.truncated) == (4, 1, 0)


def test_a_document_is_stored_with_the_vectors_of_each_chunk(
    cluster: Cluster, chunked: IndexSpec, encoder: Any
) -> None:
    fill(cluster, chunked, encoder)
    source = cluster.read("GET", f"/{chunked.index}/_doc/d1")["_source"]
    chunks = source["outrider_chunks"]
    assert [LONG[chunk["start"] : chunk["stop"]].strip() for chunk in chunks] == [
        "The first one is about nothing.",
        "A cat sat here.",
        "Then a dog and a dog",
        "came. Nothing more was seen.",
    ]
    assert chunks[1]["outrider_sparse"] == {"pets": 1.0, "a": 1.0, "cat": 1.0, "sat": 1.0, "here%2E": 1.0}
    assert source["outrider"]["state"] == "encoded"
    assert encoder.encoded[1] == "pets A cat sat here."
    assert "outrider_dense" not in source
    titled = cluster.read("GET", f"/{chunked.index}/_doc/d3")["_source"]["outrider_chunks"]
    assert [(chunk["start"], chunk["stop"]) for chunk in titled] == [(0, 0)]
    assert "outrider_chunks" not in cluster.read("GET", f"/{chunked.index}/_doc/d4")["_source"]
    assert read_spec(cluster, chunked.index) == chunked


def test_the_best_chunk_counts_for_its_document_and_is_named(
    cluster: Cluster, chunked: IndexSpec, encoder: Encoder
) -> None:
    fill(cluster, chunked, encoder)
    searcher = Searcher(cluster, chunked, encoder)
    sparse = searcher.search("dog dog", "sparse").results
    assert [(result.id, result.score) for result in sparse] == [("d1", 4.0), ("d2", 2.0)]
    dense = searcher.search("dog dog", "dense")
    assert dense.dense_plan == "6 chunks, within the limit of 50000: all are scored"
    assert [result.id for result in dense.results][:2] == ["d1", "d2"]
    for mode in ("sparse", "dense", "fused", "reranked"):
        first = searcher.search("dog dog", mode).results[0]
        assert first.id == "d1", mode
        assert first.excerpt == Excerpt(48, 69, "Then a dog and a dog"), mode
        assert "outrider_chunks" not in first.source
    words = searcher.search("cat", "bm25").results
    assert [(result.id, result.excerpt) for result in words] == [("d1", None)]


def test_a_long_document_is_reranked_by_its_best_passage(
    cluster: Cluster, chunked: IndexSpec, encoder: Encoder
) -> None:
    fill(cluster, chunked, encoder)
    first, *_ = Searcher(cluster, chunked, encoder).search("cat here. pets", "reranked").results
    assert (first.id, first.scores["reranked"]) == ("d1", 1.0)
    assert first.excerpt is not None
    assert first.excerpt.text == "A cat sat here."


def test_filters_and_candidates_work_on_chunks(cluster: Cluster, chunked: IndexSpec, encoder: Encoder) -> None:
    fill(cluster, chunked, encoder)
    few = Searcher(cluster, replace(chunked, exact_limit=2), encoder)
    for searcher in (Searcher(cluster, chunked, encoder), few):
        for mode in ("dense", "sparse", "fused", "reranked"):
            found = searcher.search("dog", mode, filter={"ids": {"values": ["d2"]}}).results
            assert [result.id for result in found] == ["d2"], mode
    assert [result.id for result in few.search("dog cat", "dense").results] == ["d1", "d2"]


def test_run_again_it_skips_what_is_there(
    cluster: Cluster, chunked: IndexSpec, encoder: Encoder, new_encoder: Callable[..., Any]
) -> None:
    docs = documents({"title": "pets", "body": LONG}, {"title": "x", "body": "dog"})
    index_documents(cluster, chunked, encoder, docs)
    again = new_encoder()
    report = index_documents(cluster, chunked, again, docs)
    assert (report.skipped, again.encoded) == (2, [])


def test_one_bad_chunk_fails_its_document_alone(
    cluster: Cluster, chunked: IndexSpec, encoder: Encoder, tmp_path: Path
) -> None:
    docs = documents({"body": LONG + " This is unspeakable."}, {"body": "dog"}, {"body": "a b. " * 30_000})
    spec = replace(chunked, chunks=Chunking("sentence", size=2))
    report = index_documents(cluster, spec, encoder, docs, dead_letters=tmp_path / "letters")
    assert (report.written, report.failed) == (1, 2)
    reasons = [json.loads(line)["reason"] for line in (tmp_path / "letters").read_text().splitlines()]
    assert any("unspeakable" in reason for reason in reasons)
    assert any("30000 chunks of up to 2 tokens, the limit is 10000" in reason for reason in reasons)


def test_an_encoder_that_goes_away_stops_the_run_and_the_next_finishes_it(
    cluster: Cluster, chunked: IndexSpec, new_encoder: Callable[..., Any], tmp_path: Path
) -> None:
    fields = {"settings": {}, "mappings": {"properties": {"title": {"type": "text"}, "body": {"type": "text"}}}}
    cluster.write("PUT", f"/{chunked.index}", fields)
    lines = [line for n in range(60) for line in ({"index": {"_id": f"d{n}"}}, {"title": f"t{n}", "body": LONG})]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    assert not cluster.write("POST", f"/{chunked.index}/_bulk?refresh=true", body)["errors"]
    plain = spec_in_place(cluster, chunked.index, ("title", "body"), new_encoder().models)
    spec = replace(plain, chunks=chunked.chunks)
    with pytest.raises(IndexingStopped, match="the encoder is away"):
        backfill(
            cluster, spec, new_encoder(answers=3), checkpoint=tmp_path / "c", batch_size=8, workers=2, patience_s=0.1
        )
    report = backfill(cluster, spec, new_encoder(), checkpoint=tmp_path / "c", batch_size=8)
    assert (report.seen, report.written + report.skipped, report.failed) == (60, 60, 0)
    assert len(Searcher(cluster, spec, new_encoder()).search("dog", "sparse", 100).results) == 60


def test_without_chunks_what_a_model_did_not_read_is_reported(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder
) -> None:
    report = index_documents(cluster, spec, encoder, documents({"body": LONG}, {"body": "short"}))
    assert (report.written, report.truncated) == (2, 1)
    assert "1 of the written longer than the model reads" in str(report)


def test_chunks_cannot_be_changed_under_their_index(cluster: Cluster, chunked: IndexSpec) -> None:
    ensure_index(cluster, chunked)
    with pytest.raises(BadSpec, match="chunks is Chunking"):
        ensure_index(cluster, replace(chunked, chunks=Chunking("tokens")))


def test_an_encoder_that_cannot_measure_is_refused(cluster: Cluster, chunked: IndexSpec, encoder: Any) -> None:
    class Unmeasuring:
        models = encoder.models
        encode_document = encoder.encode_document
        encode_query = encoder.encode_query
        rank = encoder.rank

    with pytest.raises(IndexingStopped, match="does not tell the tokens of a text"):
        index_documents(cluster, chunked, Unmeasuring(), documents({"body": "dog"}))


def test_chunks_in_the_engines_own_vector_index(opensearch_ml: Any, chunked: IndexSpec, encoder: Encoder) -> None:
    cluster = connect(opensearch_ml.url)
    spec = replace(chunked, dense=DenseField(4, kind="knn_vector"))
    fill(cluster, spec, encoder)
    searcher = Searcher(cluster, spec, encoder)
    for mode in ("dense", "fused", "reranked"):
        first, *_ = searcher.search("dog dog", mode).results
        assert first.id == "d1", mode
        assert first.excerpt is not None
        assert first.excerpt.text == "Then a dog and a dog", mode
        found = searcher.search("dog", mode, filter={"ids": {"values": ["d2"]}}).results
        assert [result.id for result in found] == ["d2"], mode
    cluster.write("DELETE", f"/{spec.index}")
    cluster.close()
