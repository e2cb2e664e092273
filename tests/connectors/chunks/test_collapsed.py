"""Chunks that are documents of their own: written, rewritten, cut off, and found as the documents they are parts of."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    BadSpec,
    Chunking,
    Cluster,
    ClusterError,
    Document,
    Encoder,
    Excerpt,
    IndexingStopped,
    IndexSpec,
    Mode,
    Searcher,
    backfill,
    destroy,
    index_documents,
    read_spec,
    spec_for,
)

LONG = "The first one is about nothing. A cat sat here. Then a dog and a dog came. Nothing more was seen."
MODES: tuple[Mode, ...] = ("bm25", "dense", "sparse", "fused", "reranked")
CHUNKS = Chunking("sentence", size=6, title="title", kept="documents")


@pytest.fixture
def spec(either: Cluster, encoder: Encoder) -> Iterator[IndexSpec]:
    name = f"test-{uuid4().hex[:12]}"
    yield replace(spec_for(either, name, ("title", "body"), encoder.models, id_field="id"), chunks=CHUNKS)
    either.write("DELETE", f"/{name}?ignore_unavailable=true")


def documents(*bodies: dict[str, Any]) -> list[Document]:
    return [Document(n, {"id": f"d{n}", **body}) for n, body in enumerate(bodies, start=1)]


DOCUMENTS = documents(
    {"title": "pets", "body": LONG, "brand": "a"},
    {"title": "dog", "body": "One car.", "brand": "b"},
    {"title": "tax", "brand": "a"},
    {"title": "", "brand": "b"},
)


def stored(cluster: Cluster, spec: IndexSpec) -> dict[str, Any]:
    """Every document of the index by id, with its vectors."""
    cluster.write("POST", f"/{spec.index}/_refresh")
    body = {"size": 1000, "_source": cluster.dialect.source_filter([])}
    hits = cluster.read("POST", f"/{spec.index}/_search", body)["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


@pytest.mark.engine
def test_each_chunk_is_a_document_with_the_fields_of_its_own(either: Cluster, spec: IndexSpec, encoder: Any) -> None:
    report = index_documents(either, spec, encoder, DOCUMENTS)
    assert (report.written, report.blank, report.failed) == (4, 1, 0)
    found = stored(either, spec)
    assert sorted(found) == ["d1#0", "d1#1", "d1#2", "d1#3", "d2#0", "d3#0", "d4#0"]
    second = found["d1#1"]
    assert (second["title"], second["body"], second["brand"]) == ("pets", "A cat sat here.", "a")
    assert second["outrider_chunks"] == {"parent": "d1", "number": 1, "of": 4, "start": 32, "stop": 48}
    assert second["outrider_sparse"] == {"pets": 1.0, "a": 1.0, "cat": 1.0, "sat": 1.0, "here%2E": 1.0}
    assert "body" not in found["d3#0"]
    assert "outrider_dense" not in found["d4#0"]
    assert read_spec(either, spec.index) == spec


@pytest.mark.engine
def test_documents_are_found_by_their_best_chunk_once(either: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    index_documents(either, spec, encoder, DOCUMENTS)
    searcher = Searcher(either, spec, encoder)
    sparse = searcher.search("dog dog", "sparse").results
    assert [(result.id, result.score) for result in sparse] == [("d1", 4.0), ("d2", 2.0)]
    for mode in MODES:
        results = searcher.search("dog dog", mode).results
        assert len({result.id for result in results}) == len(results), mode
        first = next(result for result in results if result.id == "d1")
        assert first.excerpt == Excerpt(48, 69, "Then a dog and a dog"), mode
        assert first.source == {"id": "d1", "title": "pets", "body": "Then a dog and a dog", "brand": "a"}
    judged, *_ = searcher.search("cat here. pets", "reranked").results
    assert (judged.id, judged.scores["reranked"]) == ("d1", 1.0)
    assert judged.excerpt is not None
    assert judged.excerpt.text == "A cat sat here."
    only = {"term": {"brand.keyword": "b"}}
    for mode in MODES:
        assert {result.id for result in searcher.search("dog", mode, filter=only).results} == {"d2"}, mode


@pytest.mark.engine
def test_what_is_written_again_replaces_all_that_was_there(
    either: Cluster, spec: IndexSpec, encoder: Encoder, new_encoder: Callable[..., Any]
) -> None:
    index_documents(either, spec, encoder, DOCUMENTS)
    again = new_encoder()
    assert (index_documents(either, spec, again, DOCUMENTS).skipped, again.encoded) == (4, [])
    shorter = documents({"title": "pets", "body": "A cat.", "brand": "a"})
    assert index_documents(either, spec, encoder, shorter).written == 1
    assert sorted(id for id in stored(either, spec) if id.startswith("d1")) == ["d1#0"]
    other_brand = documents({"title": "pets", "body": "A cat.", "brand": "z"})
    assert index_documents(either, spec, encoder, other_brand).written == 1
    assert stored(either, spec)["d1#0"]["brand"] == "z"


@pytest.mark.engine
def test_a_chunk_that_cannot_be_deleted_fails_its_document_alone(
    either: Cluster, spec: IndexSpec, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_documents(either, spec, encoder, DOCUMENTS)
    write = either.write

    def blocking(method: str, path: str, body: Any = None) -> Any:
        """Nothing may be written while chunks are deleted."""
        if not (isinstance(body, bytes) and b'{"delete"' in body):
            return write(method, path, body)
        write("PUT", f"/{spec.index}/_block/write")
        try:
            return write(method, path, body)
        finally:
            write("PUT", f"/{spec.index}/_settings", {"index.blocks.write": None})

    monkeypatch.setattr(either, "write", blocking)
    shorter = documents({"title": "pets", "body": "A cat.", "brand": "a"}, {"title": "cat", "body": "One dog."})
    report = index_documents(either, spec, encoder, shorter)
    assert (report.written, report.failed) == (1, 1)
    assert "keeps a chunk of its longer text, refused with 403" in report.first_failures[0].reason
    monkeypatch.undo()
    again = index_documents(either, spec, encoder, shorter)
    assert (again.written, again.skipped) == (1, 1)
    assert sorted(stored(either, spec)) == ["d1#0", "d2#0", "d3#0", "d4#0"]


class CutOff:
    """A cluster whose connection ends before the so manieth bulk."""

    def __init__(self, cluster: Cluster, bulks: int) -> None:
        self._cluster = cluster
        self._bulks = bulks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)

    def write(self, method: str, path: str, body: Any = None) -> Any:
        if path.endswith("_bulk"):
            self._bulks -= 1
            if self._bulks < 0:
                raise ClusterError("the line is cut")
        return self._cluster.write(method, path, body)


@pytest.mark.engine
@pytest.mark.parametrize("bulks", [0, 1, 2])
def test_cut_off_anywhere_the_same_command_makes_it_whole(
    either: Cluster, spec: IndexSpec, encoder: Encoder, bulks: int
) -> None:
    longer = documents({"title": "pets", "body": f"{LONG} {LONG}", "brand": "a"})
    index_documents(either, spec, encoder, longer)
    with pytest.raises(IndexingStopped, match="the line is cut"):
        index_documents(CutOff(either, bulks), spec, encoder, DOCUMENTS)  # type: ignore[arg-type]
    report = index_documents(either, spec, encoder, DOCUMENTS)
    assert (report.written, report.failed) == (4, 0)
    assert sorted(stored(either, spec)) == ["d1#0", "d1#1", "d1#2", "d1#3", "d2#0", "d3#0", "d4#0"]


@pytest.mark.engine
def test_a_document_with_a_chunk_that_cannot_be_stored_fails_alone_and_is_not_taken_for_whole(
    either: Cluster, spec: IndexSpec, encoder: Encoder, tmp_path: Path
) -> None:
    either.write("PUT", f"/{spec.index}", {"mappings": {"properties": {"n": {"type": "integer"}}}})
    bad = documents({"body": "dog", "n": 1}, {"body": LONG, "n": "no number"}, {"body": "x" * 9, "id": "y" * 510})
    report = index_documents(either, spec, encoder, bad, dead_letters=tmp_path / "letters")
    assert (report.written, report.failed) == (1, 2)
    assert "d2#0" not in stored(either, spec)
    assert len((tmp_path / "letters").read_text().splitlines()) == 2


@pytest.mark.engine
def test_other_ways_of_writing_are_refused(either: Cluster, spec: IndexSpec, encoder: Encoder, tmp_path: Path) -> None:
    index_documents(either, spec, encoder, DOCUMENTS)
    with pytest.raises(IndexingStopped, match="which `outrider index` alone writes"):
        backfill(either, spec, encoder, checkpoint=tmp_path / "c")
    with pytest.raises(BadSpec, match="delete it"):
        destroy(either, spec.index)


@pytest.mark.parametrize("fields", [("title",), ("title", "body", "more"), ("title", "a.b")])
def test_their_text_is_in_one_field(fields: tuple[str, ...]) -> None:
    with pytest.raises(BadSpec, match="keep them nested, or name one field"):
        IndexSpec("docs", fields, chunks=CHUNKS)
