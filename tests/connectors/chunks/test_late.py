"""Chunks encoded in the text around them: what is read at once, and what is stored."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.connectors import (
    BadSpec,
    Chunking,
    Cluster,
    Document,
    Encoder,
    IndexingStopped,
    IndexSpec,
    Searcher,
    index_documents,
    spec_for,
)
from outrider.connectors.chunks import Chunk, contexts, split


def words(text: str) -> list[tuple[int, int]]:
    found, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        found.append((at, at + len(word)))
        at += len(word)
    return found


@given(st.lists(st.text("abc.", min_size=1, max_size=4), max_size=60), st.integers(1, 7), st.integers(8, 30))
def test_every_chunk_is_read_once_in_a_text_that_fits(parts: list[str], size: int, room: int) -> None:
    text = " ".join(parts)
    spans = words(text)
    chunks = split(text, spans, size)
    found = contexts(text, spans, chunks, room)
    assert [chunk for _, inside in found for chunk in inside] == chunks
    for whole, inside in found:
        assert sum(whole.start <= start < whole.stop for start, _ in spans) <= room
        assert all(whole.start <= chunk.start and chunk.stop <= whole.stop for chunk in inside)


def test_a_text_that_fits_is_read_at_once_and_a_longer_one_with_what_stood_before() -> None:
    text = " ".join(f"w{n:02}" for n in range(40))
    spans = words(text)
    chunks = split(text, spans, 4)
    assert contexts(text, spans, chunks, 40) == [(Chunk(0, len(text)), chunks)]
    found = contexts(text, spans, chunks, 16)
    assert [len(inside) for _, inside in found] == [4, 3, 3]
    assert [text[whole.start : whole.start + 3] for whole, _ in found] == ["w00", "w12", "w24"]


LONG = "The first one is about nothing. A cat sat here. Then a dog came along. Nothing more was seen."


@pytest.fixture
def late(either: Cluster, encoder: Encoder) -> Iterator[IndexSpec]:
    name = f"test-{uuid4().hex[:12]}"
    spec = spec_for(either, name, ("title", "body"), encoder.models, id_field="id")
    yield replace(spec, chunks=Chunking("sentence", size=6, title="title", late=True))
    either.write("DELETE", f"/{name}?ignore_unavailable=true")


def stored(cluster: Cluster, index: str, id: str) -> Any:
    body = {"query": {"ids": {"values": [id]}}, "_source": cluster.dialect.source_filter([])}
    return cluster.read("POST", f"/{index}/_search", body)["hits"]["hits"][0]["_source"]


@pytest.mark.engine
def test_a_chunks_vector_knows_what_stands_around_it(either: Cluster, late: IndexSpec, encoder: Any) -> None:
    bodies = [{"title": "pets", "body": LONG}, {"title": "tax"}, {"title": ""}, {"title": "car", "body": "one cat"}]
    documents = [Document(n, {"id": f"d{n}", **body}) for n, body in enumerate(bodies, start=1)]
    report = index_documents(either, late, encoder, documents)
    assert (report.written, report.blank, report.failed) == (4, 1, 0)
    # The encoder reads eight words at once: the title, and seven of the body.
    assert encoder.encoded[:2] == [
        "pets The first one is about nothing. ",
        "pets A cat sat here. ",
    ]
    chunks = stored(either, late.index, "d1")["outrider_chunks"]
    assert [LONG[chunk["start"] : chunk["stop"]].strip() for chunk in chunks][1] == "A cat sat here."
    assert chunks[1]["outrider_sparse"].keys() == {"pets", "a", "cat", "sat", "here%2E"}  # of the chunk alone
    first, *_ = Searcher(either, late, encoder).search("dog", "dense").results
    assert (first.id, first.excerpt and first.excerpt.text) == ("d1", "Then a dog came along.")
    again = index_documents(either, late, encoder, documents)
    assert again.skipped == 4


@pytest.mark.engine
def test_a_text_that_cannot_be_encoded_fails_alone(either: Cluster, late: IndexSpec, encoder: Any) -> None:
    bodies = [{"body": f"{LONG} unspeakable"}, {"body": LONG}]
    report = index_documents(either, late, encoder, [Document(n, {"id": f"d{n}", **b}) for n, b in enumerate(bodies)])
    assert (report.written, report.failed) == (1, 1)


@pytest.mark.engine
def test_an_encoder_that_cannot_is_refused(either: Cluster, late: IndexSpec, encoder: Any) -> None:
    class Early:
        models = encoder.models
        encode_document = encoder.encode_document
        encode_query = encoder.encode_query
        token_spans = encoder.token_spans
        rank = encoder.rank

    with pytest.raises(IndexingStopped, match="chunks late, and this encoder gives no vectors of parts") as stopped:
        index_documents(either, late, Early(), [Document(1, {"id": "d1", "body": LONG})])
    assert isinstance(stopped.value.__cause__, BadSpec)
