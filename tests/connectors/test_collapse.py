"""Of documents that belong together only the best is found, in every mode, on both engines."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    Cluster,
    Document,
    Encoder,
    IndexSpec,
    Mode,
    Searcher,
    TwoPhase,
    index_documents,
    spec_for,
)

pytestmark = pytest.mark.engine

MODES: tuple[Mode, ...] = ("bm25", "dense", "sparse", "fused", "reranked")
BRANDS = 30


@pytest.fixture
def spec(either: Cluster, encoder: Encoder) -> Iterator[IndexSpec]:
    """Ninety documents of thirty brands, and five without one."""
    name = f"test-{uuid4().hex[:12]}"
    either.write("PUT", f"/{name}", {"mappings": {"properties": {"brand": {"type": "keyword"}}}})
    spec = spec_for(either, name, ("title",), encoder.models, id_field="id")
    documents = [{"id": f"d{n}", "title": text(n), "brand": f"b{n % BRANDS}"} for n in range(90)]
    documents += [{"id": f"none{n}", "title": "tax " * (n + 1)} for n in range(5)]
    assert index_documents(either, spec, encoder, map(Document, range(1, 96), documents)).failed == 0
    yield spec
    either.write("DELETE", f"/{name}?ignore_unavailable=true")


def text(n: int) -> str:
    return "cat " * (n % 7 + 1) + "dog " * (n % 4) + "car " * (n // 30)


def brand(result: Any) -> str | None:
    found: str | None = result.source.get("brand")
    return found


@pytest.mark.parametrize("mode", MODES)
def test_each_group_is_found_once_and_pages_fit_together(
    either: Cluster, spec: IndexSpec, encoder: Encoder, mode: Mode
) -> None:
    searcher = Searcher(either, replace(spec, window=10, rerank_window=5), encoder)
    whole = searcher.search("cat dog", mode, 28, collapse="brand").results
    assert len({brand(result) for result in whole}) == len(whole) == 28
    pages = [
        result
        for offset in range(0, 28, 7)
        for result in searcher.search("cat dog", mode, 7, offset=offset, collapse="brand").results
    ]
    assert [(r.id, r.score) for r in pages] == [(r.id, r.score) for r in whole]


@pytest.mark.parametrize("mode", ["bm25", "dense", "sparse"])
def test_a_group_counts_as_its_best_document(either: Cluster, spec: IndexSpec, encoder: Encoder, mode: Mode) -> None:
    searcher = Searcher(either, spec, encoder)
    best: dict[str | None, float] = {}
    for result in searcher.search("cat dog", mode, 95).results:
        best.setdefault(brand(result), result.score)
    found = {brand(result): result.score for result in searcher.search("cat dog", mode, 31, collapse="brand").results}
    assert found == pytest.approx({name: best[name] for name in found}, rel=1e-6)
    assert len(found) >= BRANDS


def test_what_each_ranking_finds_of_a_group_adds_up(either: Cluster, encoder: Encoder, spec: IndexSpec) -> None:
    name = f"{spec.index}-two"
    two = replace(spec, index=name)
    either.write("PUT", f"/{name}", {"mappings": {"properties": {"brand": {"type": "keyword"}}}})
    documents = [
        {"id": "words", "title": "dog dog dog tax", "brand": "one"},
        {"id": "meaning", "title": "dog", "brand": "one"},
        {"id": "other", "title": "dog dog car", "brand": "two"},
    ]
    index_documents(either, two, encoder, map(Document, range(1, 4), documents))
    try:
        searcher = Searcher(either, two, encoder)
        first, second = searcher.search("dog", "fused", collapse="brand").results
        assert (brand(first), brand(second)) == ("one", "two")
        for leg in ("bm25", "dense", "sparse"):
            assert first.scores[leg] == pytest.approx(searcher.search("dog", leg, 1).results[0].score)  # type: ignore[arg-type]
        judged, *_ = searcher.search("dog tax", "reranked", collapse="brand").results
        assert (judged.id, judged.scores["reranked"]) == ("words", 1.0)
    finally:
        either.write("DELETE", f"/{name}")


def test_those_without_a_value_are_one_group(either: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    results = Searcher(either, spec, encoder).search("tax", "fused", 40, collapse="brand").results
    assert [result.id for result in results if brand(result) is None] == [results[0].id]


def test_what_the_engine_cannot_collapse_is_collapsed_all_the_same(
    either: Cluster, spec: IndexSpec, encoder: Encoder
) -> None:
    odd = replace(spec, two_phase=TwoPhase(0.9), exact_limit=5)
    for mode in MODES:
        results = Searcher(either, odd, encoder).search("cat dog", mode, 20, collapse="brand").results
        assert len({brand(result) for result in results}) == len(results) == 20, mode


def test_filters_and_boosts_go_with_it(either: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    only = {"terms": {"brand": ["b1", "b2"]}}
    for mode in MODES:
        results = Searcher(either, spec, encoder).search("cat dog", mode, 20, filter=only, collapse="brand").results
        assert {brand(result) for result in results} == {"b1", "b2"}, mode
