"""Elasticsearch on a basic licence: the sidecar encodes on the way in and out, fuses and reranks."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from outrider.connectors import (
    Cluster,
    Declared,
    Document,
    Encoder,
    IndexSpec,
    Mode,
    OpenSearchCluster,
    Searcher,
    backfill,
    examine,
    index_documents,
    make_plan,
    outlook,
    read_spec,
    spec_in_place,
)

TEXTS = [
    ("cats", "a cat and a cat"),
    ("dogs", "the dog barks at the car"),
    ("cars", "a car for the tax office"),
    ("more cats", "cat dog cat car"),
    ("taxes", "tax on tax on a car"),
]
QUERY = "cat tax"
pytestmark = pytest.mark.engine


def documents(count: int = len(TEXTS)) -> Iterator[Document]:
    for number in range(count):
        title, body = TEXTS[number % len(TEXTS)]
        body = f"{body} {'tail ' * (number // len(TEXTS))}"
        yield Document(number + 1, {"id": f"d{number}", "title": title, "body": body, "group": number % 2})


@pytest.fixture
def filled(each_cluster: Cluster, their_spec: IndexSpec, encoder: Encoder) -> IndexSpec:
    report = index_documents(each_cluster, their_spec, encoder, documents(40))
    assert (report.written, report.failed) == (40, 0)
    return their_spec


def test_the_spec_is_of_its_own_vector_fields_and_comes_back(
    each_cluster: Cluster, filled: IndexSpec, encoder: Encoder
) -> None:
    assert filled.dense is not None
    assert filled.sparse is not None
    assert (filled.dense.kind, filled.sparse.kind) == ("dense_vector", "sparse_vector")
    assert read_spec(each_cluster, filled.index) == filled
    again = index_documents(each_cluster, filled, encoder, documents(40))
    assert (again.written, again.skipped) == (0, 40)


@pytest.mark.parametrize("mode", ["bm25", "dense", "sparse", "fused", "reranked"])
def test_pages_fit_together_in_every_mode(
    each_cluster: Cluster, filled: IndexSpec, encoder: Encoder, mode: Mode
) -> None:
    searcher = Searcher(each_cluster, filled, encoder)
    whole = searcher.search(QUERY, mode, 20)
    assert len(whole.results) == 20
    assert all(set(result.source) == {"id", "title", "body", "group"} for result in whole.results)
    pages = [result for start in (0, 7, 14) for result in searcher.search(QUERY, mode, 7, offset=start).results]
    assert [(r.id, r.score) for r in pages[:20]] == [(r.id, r.score) for r in whole.results]


@pytest.mark.parametrize("mode", ["bm25", "dense", "sparse", "fused", "reranked"])
def test_a_filter_leaves_as_many_as_are_asked_for(
    each_cluster: Cluster, filled: IndexSpec, encoder: Encoder, mode: Mode
) -> None:
    answer = Searcher(each_cluster, filled, encoder).search(QUERY, mode, 10, filter={"term": {"group": 1}})
    assert [result.source["group"] for result in answer.results] == [1] * 10


def test_both_engines_give_the_same_results_but_for_words(
    each_cluster: Cluster, filled: IndexSpec, encoder: Encoder, cluster: OpenSearchCluster, spec: IndexSpec
) -> None:
    index_documents(cluster, spec, encoder, documents(40))
    for mode in ("dense", "sparse"):
        ours = Searcher(cluster, spec, encoder).search(QUERY, mode, 10)
        theirs = Searcher(each_cluster, filled, encoder).search(QUERY, mode, 10)
        assert [r.score for r in theirs.results] == pytest.approx([r.score for r in ours.results], rel=1e-3)


def test_what_cannot_be_stored_is_told_and_the_others_are_stored(
    each_cluster: Cluster, their_spec: IndexSpec, encoder: Encoder, tmp_path: Path
) -> None:
    bad = [
        Document(6, {"id": "b1", "title": "unspeakable"}),
        Document(7, {"id": "b2", "title": "cat", "body": 7}),
        Document(8, {"id": "b3", "title": "lone \ud800"}),
        Document(9, {"id": "", "title": "cat"}),
    ]
    letters = tmp_path / "letters"
    report = index_documents(each_cluster, their_spec, encoder, [*documents(), *bad], dead_letters=letters)
    assert (report.seen, report.written, report.failed) == (9, 5, 4)
    assert len(letters.read_text().splitlines()) == 4


def test_backfill_keeps_the_vectors_that_were_there_before_us(
    each_cluster: Cluster, index: str, encoder: Encoder, new_encoder: Callable[..., Any], tmp_path: Path
) -> None:
    theirs = {"type": "dense_vector", "dims": 3, "index": True, "similarity": "l2_norm"}
    mappings = {"properties": {"title": {"type": "text"}, "theirs": theirs}}
    each_cluster.write("PUT", f"/{index}", {"mappings": mappings})
    try:
        lines = b"".join(
            json.dumps(line).encode() + b"\n"
            for number in range(30)
            for line in (
                {"index": {"_id": str(number), **({"routing": "r"} if number % 3 else {})}},
                {"title": f"cat {number}", "theirs": [number, 1.5, -2.0]},
            )
        )
        assert not each_cluster.write("POST", f"/{index}/_bulk?refresh=true", lines)["errors"]
        spec = spec_in_place(each_cluster, index, ("title",), encoder.models)
        report = backfill(each_cluster, spec, encoder, checkpoint=tmp_path / "at", workers=2, batch_size=4)
        assert (report.seen, report.written, report.failed) == (30, 30, 0)
        assert outlook(each_cluster, spec).encoded == 30
        body = {"query": {"match_all": {}}, "size": 30, "_source": each_cluster.dialect.source_filter([])}
        hits = each_cluster.read("POST", f"/{index}/_search", body)["hits"]["hits"]
        assert {hit["_id"]: hit["_source"]["theirs"] for hit in hits} == {
            str(number): [number, 1.5, -2.0] for number in range(30)
        }
        again = new_encoder()
        report = backfill(each_cluster, spec, again, checkpoint=tmp_path / "at")
        assert (report.seen, report.skipped, again.encoded) == (30, 30, [])
    finally:
        each_cluster.write("DELETE", f"/{index}?ignore_unavailable=true")


def test_an_index_is_what_its_spec_file_says(each_cluster: Cluster, filled: IndexSpec, encoder: Encoder) -> None:
    declared = Declared(IndexSpec(filled.index, ("title", "body")))
    plan = make_plan(each_cluster, declared, encoder.models)
    assert plan.is_empty, plan


def test_the_doctor_says_who_encodes_and_why(each_cluster: Cluster) -> None:
    diagnosis = examine(each_cluster)
    assert diagnosis.capabilities.distribution == "elasticsearch"
    if not diagnosis.capabilities.has_paid_licence:
        assert diagnosis.way == "sidecar"
        assert any("an Enterprise or trial licence (this one is basic)" in each.what for each in diagnosis.findings)
