"""Fewer terms, stored or asked for, and queries in two phases, on real engines."""

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
    IndexSpec,
    Pruning,
    Searcher,
    TwoPhase,
    ensure_index,
    index_documents,
    read_spec,
    spec_for,
)

TEXTS = ("cat cat cat cat dog dog car", "dog dog dog", "cat car", "tax")
QUERY = "cat cat cat dog car"


@pytest.fixture
def spec(either: Cluster, encoder: Encoder) -> Iterator[IndexSpec]:
    name = f"test-{uuid4().hex[:12]}"
    yield spec_for(either, name, ("title", "body"), encoder.models, id_field="id")
    either.write("DELETE", f"/{name}?ignore_unavailable=true")


def fill(cluster: Cluster, spec: IndexSpec, encoder: Encoder, *texts: str) -> None:
    documents = [Document(n + 1, {"id": f"d{n}", "body": text}) for n, text in enumerate(texts or TEXTS)]
    assert index_documents(cluster, spec, encoder, documents).failed == 0


def stored(cluster: Cluster, spec: IndexSpec) -> Any:
    """The first document with its vectors."""
    body = {"query": {"ids": {"values": ["d0"]}}, "_source": cluster.dialect.source_filter([])}
    return cluster.read("POST", f"/{spec.index}/_search", body)["hits"]["hits"][0]["_source"]


def scores(cluster: Cluster, spec: IndexSpec, encoder: Encoder, query: str = QUERY) -> dict[str, float]:
    return {r.id: r.score for r in Searcher(cluster, spec, encoder).search(query, "sparse").results}


def sparse_with(spec: IndexSpec, prune: Pruning) -> IndexSpec:
    assert spec.sparse is not None
    return replace(spec, sparse=replace(spec.sparse, prune=prune))


@pytest.mark.engine
def test_light_terms_of_a_document_are_not_stored(either: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    pruned = sparse_with(spec, Pruning(ratio=0.5))
    fill(either, pruned, encoder)
    assert read_spec(either, spec.index) == pruned
    assert stored(either, spec)["outrider_sparse"] == {"cat": 4.0, "dog": 2.0}
    assert scores(either, pruned, encoder) == {"d0": 14.0, "d1": 3.0, "d2": 4.0}
    with pytest.raises(BadSpec, match="sparse is SparseField"):
        ensure_index(either, spec)


@pytest.mark.engine
def test_chunks_are_pruned_each_by_its_own_heaviest(either: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    chunked = replace(sparse_with(spec, Pruning(top_k=1)), chunks=Chunking("sentence", size=6))
    fill(either, chunked, encoder, "A cat cat cat came. One tax tax was due.")
    chunks = stored(either, spec)["outrider_chunks"]
    assert [chunk["outrider_sparse"] for chunk in chunks] == [{"cat": 3.0}, {"tax": 2.0}]


@pytest.mark.engine
def test_light_terms_of_a_query_are_not_asked_for(either: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    fill(either, spec, encoder)
    assert scores(either, spec, encoder) == {"d0": 15.0, "d1": 3.0, "d2": 4.0}
    assert scores(either, replace(spec, query_prune=Pruning(top_k=1)), encoder) == {"d0": 12.0, "d2": 3.0}
    assert scores(either, replace(spec, query_prune=Pruning(ratio=0.3)), encoder) == scores(either, spec, encoder)


@pytest.mark.engine
def test_heavy_terms_find_and_all_terms_score(either: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    fill(either, spec, encoder)
    assert scores(either, replace(spec, two_phase=TwoPhase(0.5)), encoder) == {"d0": 15.0, "d2": 4.0}
    assert scores(either, replace(spec, two_phase=TwoPhase(0.0)), encoder) == scores(either, spec, encoder)
    only = Searcher(either, replace(spec, two_phase=TwoPhase(0.5)), encoder)
    found = only.search(QUERY, "sparse", filter={"ids": {"values": ["d1", "d2"]}}).results
    assert [(r.id, r.score) for r in found] == [("d2", 4.0)]
    assert only.search(QUERY, "fused").results[0].id == "d0"


@pytest.mark.engine
def test_in_two_phases_too_a_document_counts_as_its_best_chunk(
    either: Cluster, spec: IndexSpec, encoder: Encoder
) -> None:
    chunked = replace(spec, chunks=Chunking("sentence", size=6))
    fill(either, chunked, encoder, "A cat cat cat came. A cat cat dog barked.", "One car came.")
    query = "cat cat dog dog dog car"
    whole = scores(either, chunked, encoder, query)
    assert whole == {"d0": 7.0, "d1": 1.0}
    assert scores(either, replace(chunked, two_phase=TwoPhase(0.6)), encoder, query) == {"d0": 7.0}


@pytest.mark.engine
def test_pages_fit_together_also_behind_what_all_terms_have_scored(
    either: Cluster, spec: IndexSpec, encoder: Encoder
) -> None:
    settings = {"settings": {"number_of_shards": 3}}
    either.write("PUT", f"/{spec.index}", settings)
    fill(either, spec, encoder, *("cat " * (n % 7 + 1) + "dog " * (n % 4) + "car " * (n % 3) for n in range(60)))
    two = replace(spec, two_phase=TwoPhase(0.5, window=4), window=10)
    searcher = Searcher(either, two, encoder)
    whole = searcher.search(QUERY, "sparse", 48).results
    assert len(whole) == 48
    found = [result.score for result in whole]
    assert found == sorted(found, reverse=True)
    pages = [r for start in range(0, 48, 8) for r in searcher.search(QUERY, "sparse", 8, offset=start).results]
    assert [(r.id, r.score) for r in pages] == [(r.id, r.score) for r in whole]
    exact = scores(either, spec, encoder)
    assert all(result.score == exact[result.id] for result in whole[:4] if result.id in exact)


TERMS = st.dictionaries(st.text(max_size=3), st.floats(1e-6, 60), max_size=30)


@given(TERMS, st.floats(0, 1), st.none() | st.integers(1, 40))
def test_what_is_kept_is_the_heaviest(terms: dict[str, float], ratio: float, top_k: int | None) -> None:
    kept = Pruning(ratio, top_k).kept(terms)
    assert kept.items() <= terms.items()
    left = [weight for term, weight in terms.items() if term not in kept]
    assert max(left, default=0) <= min(kept.values(), default=0)
    assert len(kept) == min(sum(w >= ratio * max(terms.values()) for w in terms.values()), top_k or len(terms))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Pruning(ratio=1.5), "ratio is 1.5"),
        (lambda: Pruning(ratio=float("nan")), "ratio is nan"),
        (lambda: Pruning(top_k=0), "top_k is 0"),
        (lambda: TwoPhase(ratio=-0.1), "ratio is -0.1"),
        (lambda: TwoPhase(window=0), "window is 0"),
        (lambda: IndexSpec("i", ("t",), way="native", two_phase=TwoPhase()), "know no two_phase"),
        (lambda: IndexSpec("i", ("t",), way="native", query_prune=Pruning(0.1)), "know no query_prune"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, said: str) -> None:
    with pytest.raises(BadSpec, match=said):
        make()
