"""Business fields beside relevance, on real engines: what the engine multiplies by is what we divide by."""

import calendar
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    BadSpec,
    Boost,
    Cluster,
    Document,
    Encoder,
    IndexSpec,
    Mode,
    Searcher,
    ensure_index,
    index_documents,
    read_spec,
    spec_for,
)
from outrider.connectors.boosts import DAY_MS, factor, whole_hour_ms

LOG = Boost("popularity", "log1p", pivot=10, weight=0.5)
SATURATED = Boost("stats.rating", "saturation", pivot=3)
FRESH = Boost("released", "decay", pivot=30, weight=2)
NEAR = Boost("price", "decay", pivot=5, origin=20)
ALL = (LOG, SATURATED, FRESH, NEAR)


def day(ago: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago * 86_400))


DOCUMENTS: tuple[dict[str, Any], ...] = (
    {"popularity": 0, "stats": {"rating": 5}, "released": day(0.5), "price": 20},
    {"popularity": 1000, "stats": {"rating": 0.5}, "released": day(400), "price": 12.5},
    {"popularity": -7, "stats": {"rating": -1}, "released": day(-3), "price": 24},
    {"popularity": [3, 40], "stats": {"rating": [4, 2]}, "released": [day(90), day(10)], "price": [10, 21]},
    {},
)


@pytest.fixture
def plain(either: Cluster, encoder: Encoder) -> Iterator[IndexSpec]:
    """An index of documents that differ in little but their business fields."""
    index = f"test-{uuid4().hex[:12]}"
    spec = replace(spec_for(either, index, ("title",), encoder.models, id_field="id"), boosts=ALL)
    bodies = [{"id": f"d{n}", "title": "cat " * (n + 1) + "dog", **body} for n, body in enumerate(DOCUMENTS)]
    documents = [Document(n, body) for n, body in enumerate(bodies, start=1)]
    assert index_documents(either, spec, encoder, documents).failed == 0
    yield replace(spec, boosts=())
    either.write("DELETE", f"/{index}?ignore_unavailable=true")


def expected(number: int, *boosts: Boost) -> float:
    """The factor of a document by the definitions, from the values as they were written."""
    body = DOCUMENTS[number]
    total = 1.0
    for boost in boosts:
        value: Any = body
        for key in boost.field.split("."):
            value = value.get(key, []) if isinstance(value, dict) else value
        values = value if isinstance(value, list) else [value]
        if boost is FRESH:
            now_s = time.time() // 3600 * 3600
            ages = [abs(now_s - _seconds(each)) / 86_400 for each in values]
            total += boost.weight * (0.5 ** (min(ages) / boost.pivot) if ages else 0)
        elif boost is NEAR:
            total += boost.weight * (0.5 ** (min(abs(each - 20) for each in values) / boost.pivot) if values else 0)
        elif values and min(values) >= 0:
            low = min(values)
            total += boost.weight * (math.log(1 + low / 10) if boost is LOG else low / (low + 3))
    return total


def _seconds(date: str) -> float:
    return calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%SZ"))


@pytest.mark.engine
@pytest.mark.parametrize(
    "boosts", [(LOG,), (SATURATED,), (FRESH,), (NEAR,), ALL], ids=["log", "sat", "date", "n", "all"]
)
def test_the_engine_multiplies_words_by_what_the_fields_say(
    either: Cluster, plain: IndexSpec, encoder: Encoder, boosts: tuple[Boost, ...]
) -> None:
    bare = {r.id: r.score for r in Searcher(either, plain, encoder).search("cat", "bm25").results}
    answer = Searcher(either, replace(plain, boosts=boosts), encoder).search("cat", "bm25")
    assert len(bare) == len(DOCUMENTS)
    wanted = {f"d{n}": expected(n, *boosts) for n in range(len(DOCUMENTS))}
    assert {r.id: r.boost for r in answer.results} == pytest.approx(wanted, rel=1e-6)
    assert {r.id: r.score for r in answer.results} == pytest.approx({d: bare[d] * wanted[d] for d in bare}, rel=1e-5)


@pytest.mark.engine
def test_after_fusion_they_count_once(either: Cluster, plain: IndexSpec, encoder: Encoder) -> None:
    bare = Searcher(either, plain, encoder).search("cat dog", "fused").results
    answer = Searcher(either, replace(plain, boosts=ALL), encoder).search("cat dog", "fused").results
    wanted = {r.id: r.score * expected(int(r.id[1:]), *ALL) for r in bare}
    assert {r.id: r.score for r in answer} == pytest.approx(wanted, rel=1e-5)
    assert {r.id: r.scores["bm25"] for r in answer} == pytest.approx({r.id: r.scores["bm25"] for r in bare}, rel=1e-5)
    assert [r.score for r in answer] == sorted((r.score for r in answer), reverse=True)


@pytest.mark.engine
def test_after_reranking_they_count_for_the_whole_of_it(either: Cluster, plain: IndexSpec, encoder: Encoder) -> None:
    trusting = replace(plain, rerank_weight=1.0)
    bare = Searcher(either, trusting, encoder).search("cat dog", "reranked").results
    assert {r.score for r in bare} == {2.0}  # the cross-encoder finds all of them alike
    answer = Searcher(either, replace(trusting, boosts=ALL), encoder).search("cat dog", "reranked").results
    gains = {r.id: r.score - answer[-1].score for r in answer}
    last = expected(int(answer[-1].id[1:]), *ALL)
    assert gains == pytest.approx({r.id: expected(int(r.id[1:]), *ALL) - last for r in answer}, abs=1e-5)


@pytest.mark.engine
@pytest.mark.parametrize("mode", ["bm25", "fused", "reranked"])
def test_what_is_popular_comes_into_the_window_and_pages_fit_together(
    either: Cluster, plain: IndexSpec, encoder: Encoder, mode: Mode
) -> None:
    spec = replace(plain, boosts=(LOG,), window=10, rerank_window=5)
    many = [{"id": f"m{n}", "title": "car" + " cat" * (n % 3), "popularity": n * n} for n in range(60)]
    index_documents(either, spec, encoder, [Document(n, body) for n, body in enumerate(many, start=1)])
    searcher = Searcher(either, spec, encoder)
    whole = searcher.search("car", mode, 40).results
    assert "m57" in {r.id for r in whole[:10]}  # of twenty that the words find alike, the most popular
    bare = Searcher(either, replace(spec, boosts=()), encoder).search("car", mode, 10).results
    assert "m57" not in {r.id for r in bare}
    pages = [r for start in range(0, 40, 8) for r in searcher.search("car", mode, 8, offset=start).results]
    assert [(r.id, r.score) for r in pages] == [(r.id, r.score) for r in whole]
    scores = [r.score for r in whole]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.engine
def test_a_new_index_can_be_searched_before_any_document_has_the_fields(
    either: Cluster, plain: IndexSpec, encoder: Encoder
) -> None:
    spec = replace(plain, index=f"{plain.index}-new", boosts=ALL)
    index_documents(either, spec, encoder, [Document(1, {"id": "d1", "title": "cat"})])
    try:
        assert read_spec(either, spec.index) == spec
        assert [(r.id, r.boost) for r in Searcher(either, spec, encoder).search("cat", "fused").results] == [("d1", 1)]
        later = Boost("stats.sold", "log1p")
        ensure_index(either, replace(spec, boosts=(later,)))
        answer = Searcher(either, replace(spec, boosts=(later,)), encoder).search("cat", "bm25")
        assert [r.boost for r in answer.results] == [1.0]
    finally:
        either.write("DELETE", f"/{spec.index}?ignore_unavailable=true")


@pytest.mark.engine
@pytest.mark.parametrize(
    ("boost", "said"),
    [
        (Boost("title", "log1p"), "the boost by 'title' wants numbers, the field is of type text"),
        (Boost("price", "decay"), "the boost by 'price' wants dates, the field is of type double"),
        (Boost("released", "decay", origin=5), "wants numbers, the field is of type date; leave origin out"),
    ],
)
def test_a_field_that_cannot_count_is_refused_when_the_spec_is_stored(
    either: Cluster, plain: IndexSpec, boost: Boost, said: str
) -> None:
    with pytest.raises(BadSpec, match=said):
        ensure_index(either, replace(plain, boosts=(boost,)))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"function": "cubic"}, "use log1p, saturation, decay"),
        ({"function": "log1p", "pivot": 0}, "pivot is 0"),
        ({"function": "log1p", "weight": -1}, "weight is -1"),
        ({"function": "log1p", "origin": 1}, "knows no origin"),
    ],
)
def test_what_is_no_boost_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSpec, match=said):
        Boost("popularity", **values)


def test_the_engines_own_pipelines_know_no_boosts() -> None:
    with pytest.raises(BadSpec, match="know no boosts"):
        IndexSpec("docs", ("title",), way="native", boosts=(LOG,))


def test_half_is_left_after_each_pivot_and_ages_are_counted_from_the_whole_hour() -> None:
    now_ms = whole_hour_ms(1_700_000_123.5)
    assert now_ms == 1_699_999_200_000
    assert factor((FRESH,), {"released": [now_ms - 60 * DAY_MS]}, now_ms) == pytest.approx(1 + 2 * 0.25)
    assert factor((NEAR, SATURATED), {"price": [25], "stats.rating": [3]}, now_ms) == pytest.approx(1 + 0.5 + 0.5)
