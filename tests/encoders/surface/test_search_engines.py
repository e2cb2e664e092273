"""Sparse vectors searched in engines give the hits of a search in memory."""

import sys
from typing import Any

import pytest
import torch

from outrider.encoders import MissingExtra, SparseEncoder, util
from outrider.encoders.sparse_encoder.search_engines import (
    semantic_search_elasticsearch,
    semantic_search_opensearch,
    semantic_search_qdrant,
    semantic_search_seismic,
)
from outrider.plugin.launcher import Engine

from .conftest import CORPUS, TEXTS

QUERIES = [TEXTS[0], TEXTS[2], "a. b. c."]


@pytest.fixture(scope="module")
def model(splade_folder: str) -> SparseEncoder:
    return SparseEncoder(splade_folder, device="cpu", max_active_dims=40)


@pytest.fixture(scope="module")
def expected(model: SparseEncoder) -> Any:
    return util.semantic_search(
        model.encode_query(QUERIES), model.encode_document(CORPUS), top_k=3, score_function=util.dot_score
    )


def assert_same(hits: Any, expected: Any, tolerance: float) -> None:
    for left, right in zip(hits, expected, strict=True):
        assert [hit["score"] for hit in left] == pytest.approx([hit["score"] for hit in right], rel=tolerance)
        assert left[0]["corpus_id"] == right[0]["corpus_id"]


@pytest.mark.engine
def test_in_opensearch(model: SparseEncoder, expected: Any, opensearch: Engine) -> None:
    queries, corpus = (model.decode(model.encode(texts)) for texts in (QUERIES, CORPUS))
    hits, seconds, index = semantic_search_opensearch(
        queries, corpus, top_k=3, output_index=True, hosts=[opensearch.url]
    )
    assert_same(hits, expected, 0.01)
    assert seconds > 0
    again, _ = semantic_search_opensearch(queries[:1], corpus_index=index, top_k=1)
    assert again == [hits[0][:1]]
    index[0].indices.delete(index=index[1])
    index[0].close()


def test_the_elasticsearch_client_sends_the_same_bodies(model: SparseEncoder) -> None:
    sent = []

    class Recorder:
        """Records what it was sent, and finds one document."""

        def msearch(self, body: Any) -> Any:
            sent.append(body)
            return {"responses": [{"hits": {"hits": [{"_id": "3", "_score": 1.5}]}}]}

    hits, _ = semantic_search_elasticsearch(
        [[("car", 2.0), (".", 0.5), ("none", 0.0)]], corpus_index=(Recorder(), "mine"), top_k=4
    )
    assert hits == [[{"corpus_id": 3, "score": 1.5}]]
    header, body = sent[0]
    assert header == {"index": "mine"}
    assert body["size"] == 4
    clauses = [clause["rank_feature"] for clause in body["query"]["bool"]["should"]]
    assert clauses == [
        {"field": "weights.car", "boost": 2.0, "linear": {}},
        {"field": "weights.\u2024", "boost": 0.5, "linear": {}},
    ]


def test_in_qdrant(model: SparseEncoder, expected: Any) -> None:
    queries, corpus = model.encode_query(QUERIES), model.encode_document(CORPUS)
    hits, _, index = semantic_search_qdrant(queries, corpus, top_k=3, output_index=True, location=":memory:")
    assert_same(hits, expected, 1e-4)
    again, _ = semantic_search_qdrant(queries, corpus_index=index, top_k=3)
    assert_same(again, expected, 1e-4)
    index[0].close()


def test_with_seismic(model: SparseEncoder, expected: Any) -> None:
    queries, corpus = (model.decode(model.encode(texts)) for texts in (QUERIES, CORPUS))
    everything = {"query_cut": 40, "heap_factor": 1.0}
    hits, _, index = semantic_search_seismic(queries, corpus, top_k=3, output_index=True, search_kwargs=everything)
    assert_same(hits, expected, 0.05)
    again, _ = semantic_search_seismic(queries, corpus_index=index, top_k=3, search_kwargs=everything)
    assert again == hits


@pytest.mark.parametrize(
    ("package", "search"), [("qdrant_client", semantic_search_qdrant), ("seismic", semantic_search_seismic)]
)
def test_a_missing_package_is_named(package: str, search: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match="pip install"):
        search(torch.zeros(1, 2), torch.zeros(1, 2))


def test_a_corpus_or_an_index_is_needed() -> None:
    with pytest.raises(ValueError, match="either the corpus or corpus_index"):
        semantic_search_opensearch([[("a", 1.0)]])
