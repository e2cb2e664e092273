"""Questions to a real, bare OpenSearch, answered with numbers one can work out."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from outrider.connectors import (
    Answer,
    BadQuery,
    Cluster,
    DenseField,
    Document,
    Encoder,
    IndexSpec,
    Mode,
    ModelIdentity,
    ModelMismatch,
    Searcher,
    Weights,
    index_documents,
)
from outrider.connectors.spec import Space

pytestmark = pytest.mark.engine

DOCUMENTS = (
    {"id": "cats", "title": "cat", "body": "cat cat"},
    {"id": "pets", "title": "cat dog"},
    {"id": "cars", "title": "car"},
    {"id": "dots", "title": "node.js"},
    {"id": "blank", "title": ""},
)


@pytest.fixture
def filled(cluster: Cluster, spec: IndexSpec, encoder: Encoder) -> IndexSpec:
    index_documents(cluster, spec, encoder, [Document(n, body) for n, body in enumerate(DOCUMENTS, start=1)])
    return spec


def ids(answer: Answer) -> list[str]:
    return [result.id for result in answer.results]


def test_sparse_scores_are_dot_products(cluster: Cluster, filled: IndexSpec, encoder: Encoder) -> None:
    answer = Searcher(cluster, filled, encoder).search("cat cat dog", "sparse")
    assert [(result.id, result.score) for result in answer.results] == [("cats", 6.0), ("pets", 3.0)]


def test_a_term_with_a_dot_is_found(cluster: Cluster, filled: IndexSpec, encoder: Encoder) -> None:
    assert ids(Searcher(cluster, filled, encoder).search("node.js", "sparse")) == ["dots"]


def cosine(one: list[float], other: list[float]) -> float:
    dot = sum(x * y for x, y in zip(one, other, strict=True))
    return dot / math.hypot(*one) / math.hypot(*other)


def test_dense_scores_are_those_of_the_knn_plugin(cluster: Cluster, filled: IndexSpec, encoder: Encoder) -> None:
    answer = Searcher(cluster, filled, encoder).search("cat", "dense")
    assert answer.dense_plan == "5 documents, within the limit of 50000: all are scored"
    found = {result.id: result.score for result in answer.results}
    expected = (1 + cosine([1.1, 0.1, 0.1, 0.1], [1.1, 1.1, 0.1, 0.1])) / 2
    assert found["pets"] == pytest.approx(expected, abs=1e-6)
    assert "blank" not in found


@pytest.mark.parametrize(
    ("space", "expected"), [("innerproduct", 1 + 1.1 * 0.1 + 0.1 * 1.1 + 0.02), ("l2", 1 / (1 + 1.0 + 1.0))]
)
def test_the_other_spaces_score_like_the_plugin_too(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder, space: Space, expected: float
) -> None:
    spec = replace(spec, dense=DenseField(4, space=space))
    index_documents(cluster, spec, encoder, [Document(1, {"id": "cars", "title": "car"})])
    (result,) = Searcher(cluster, spec, encoder).search("cat", "dense").results
    assert result.score == pytest.approx(expected, abs=1e-6)


def test_above_the_limit_candidates_are_scored_by_vector(cluster: Cluster, filled: IndexSpec, encoder: Encoder) -> None:
    few = replace(filled, exact_limit=2)
    answer = Searcher(cluster, few, encoder).search("cat", "dense")
    exact = Searcher(cluster, filled, encoder).search("cat", "dense")
    assert "above the limit of 2" in answer.dense_plan
    assert ids(answer) == ["cats", "pets"]
    assert [r.score for r in answer.results] == pytest.approx([r.score for r in exact.results[:2]], abs=1e-6)


def test_fused_results_know_their_place_in_every_ranking(cluster: Cluster, filled: IndexSpec, encoder: Encoder) -> None:
    answer = Searcher(cluster, filled, encoder).search("cat dog", "fused")
    first = answer.results[0]
    assert first.id == "pets"
    assert set(first.ranks) == {"bm25", "dense", "sparse", "fused"}
    assert set(answer.timings_ms) == {"encode", "search", "fuse", "fetch"}


def test_rankings_can_be_fused_by_rank(cluster: Cluster, filled: IndexSpec, encoder: Encoder) -> None:
    answer = Searcher(cluster, replace(filled, fusion="rrf"), encoder).search("cat dog", "fused")
    first = answer.results[0]
    assert first.id == "pets"
    assert first.score == pytest.approx(math.fsum(1 / (60 + first.ranks[leg]) for leg in ("bm25", "dense", "sparse")))


def test_a_weight_of_zero_leaves_a_ranking_out(cluster: Cluster, filled: IndexSpec, encoder: Encoder) -> None:
    only_words = replace(filled, weights=Weights(dense=0, sparse=0))
    searcher = Searcher(cluster, only_words, encoder)
    assert ids(searcher.search("cat", "fused")) == ids(searcher.search("cat", "bm25"))


def test_reranked_results_are_in_the_order_of_the_cross_encoder(
    cluster: Cluster, filled: IndexSpec, encoder: Encoder
) -> None:
    answer = Searcher(cluster, filled, encoder).search("cat dog", "reranked", size=2)
    assert [(result.id, result.scores["reranked"]) for result in answer.results] == [("pets", 1.0), ("cats", 0.5)]
    assert answer.results[0].source == {"id": "pets", "title": "cat dog"}
    assert answer.results[0].ranks.keys() == {"bm25", "dense", "sparse", "fused", "reranked"}


def test_beyond_the_window_results_stay_as_they_were_fused(
    cluster: Cluster, filled: IndexSpec, encoder: Encoder
) -> None:
    searcher = Searcher(cluster, replace(filled, rerank_window=2), encoder)
    fused, reranked = (searcher.search("cat dog", mode) for mode in ("fused", "reranked"))
    assert ids(reranked)[2:] == ids(fused)[2:]
    scores = [result.score for result in reranked.results]
    assert scores == sorted(scores, reverse=True)
    assert ["reranked" in result.scores for result in reranked.results] == [True, True, *[False] * (len(scores) - 2)]


@pytest.mark.parametrize("mode", ["bm25", "dense", "sparse", "fused", "reranked"])
def test_only_what_the_filter_matches_is_found(
    cluster: Cluster, filled: IndexSpec, encoder: Encoder, mode: Mode
) -> None:
    only_pets = {"ids": {"values": ["pets", "cars"]}}
    for spec in (filled, replace(filled, exact_limit=2)):
        answer = Searcher(cluster, spec, encoder).search("cat", mode, filter=only_pets)
        assert ids(answer)[0] == "pets"
        assert set(ids(answer)) <= {"pets", "cars"}


@pytest.mark.parametrize("mode", ["bm25", "dense", "sparse", "fused", "reranked"])
def test_pages_fit_together_also_beyond_every_window(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder, mode: Mode
) -> None:
    words = ["cat", "dog", "car"]
    texts = [" ".join(words[(n // 3**place) % 3] for place in range(3)) + " cat" * (n % 5) for n in range(40)]
    index_documents(cluster, spec, encoder, [Document(n, {"id": f"d{n}", "title": t}) for n, t in enumerate(texts)])
    searcher = Searcher(cluster, replace(spec, window=10, rerank_window=5), encoder)
    whole = searcher.search("cat dog", mode, size=25)
    pages = [searcher.search("cat dog", mode, size=5, offset=offset) for offset in range(0, 25, 5)]
    assert [hit for page in pages for hit in ids(page)] == ids(whole)
    scores = [result.score for result in whole.results]
    assert scores == sorted(scores, reverse=True)
    assert [result.score for page in pages for result in page.results] == scores


def test_a_question_without_an_answer_has_no_results(cluster: Cluster, filled: IndexSpec, encoder: Encoder) -> None:
    searcher = Searcher(cluster, filled, encoder)
    assert ids(searcher.search("zebra", "bm25")) == []
    assert ids(searcher.search("zebra", "sparse")) == []


def test_an_empty_index_answers_every_mode_with_nothing(cluster: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    index_documents(cluster, spec, encoder, [])
    searcher = Searcher(cluster, spec, encoder)
    assert {mode: ids(searcher.search("cat", mode)) for mode in searcher.modes} == {m: [] for m in searcher.modes}


@pytest.mark.parametrize(
    ("query", "mode", "size", "said"),
    [
        ("", "fused", 10, "empty"),
        (" \n", "fused", 10, "empty"),
        ("cat \ud83d", "fused", 10, "half of a character pair at position 4"),
        ("cat", "magic", 10, "'magic'; it can by bm25, dense"),
        ("cat", "fused", 0, "size is 0"),
        ("cat", "fused", 10_001, "down to 10000"),
    ],
)
def test_what_cannot_be_asked_is_said(
    cluster: Cluster, filled: IndexSpec, encoder: Encoder, query: str, mode: Mode, size: int, said: str
) -> None:
    with pytest.raises(BadQuery, match=said):
        Searcher(cluster, filled, encoder).search(query, mode, size)


ODD_QUERIES = ['["cat"]', '{"cat": 1}', 'say "cat" \\ \n', "cat OR dog* (", "猫 🐈", "cat." * 200]


@pytest.mark.parametrize("query", [*ODD_QUERIES, " ".join(f"word{n}" for n in range(5000))])
def test_any_text_can_be_asked(cluster: Cluster, filled: IndexSpec, encoder: Encoder, query: str) -> None:
    assert Searcher(cluster, filled, encoder).search(query).query == query


def test_a_query_of_another_model_is_refused(
    cluster: Cluster, filled: IndexSpec, encoder: Encoder, new_encoder: Callable[..., Any]
) -> None:
    other = replace(encoder.models, sparse=ModelIdentity("other", "s2"))
    with pytest.raises(ModelMismatch, match=r"counting-sparse \(s1\).*other \(s2\)"):
        Searcher(cluster, filled, new_encoder(models=other))
