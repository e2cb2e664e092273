"""Settings chosen on judged queries, with rankings one can fuse in one's head."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from outrider.connectors import (
    Answer,
    DenseField,
    Filter,
    IndexSpec,
    Mode,
    Pruning,
    Result,
    SparseField,
    Weights,
)
from outrider.plugin.evaluation import (
    JudgedQueries,
    ask_legs,
    ask_prunings,
    choose_fusion,
    choose_pruning,
    choose_reranking,
    choose_window,
    prunings,
)
from outrider.plugin.evaluation.tuning import Found

WORDS = [("wrong", 9.0), ("right", 5.0), ("other", 1.0)]
VECTORS = [("right", 0.9), ("other", 0.5), ("wrong", 0.1)]
SPEC = IndexSpec("docs", ("title",), dense=DenseField(4), weights=Weights(bm25=2.0))


def silent(done: int, total: int) -> None:
    """No bar."""


class Recorded:
    """Answers every question with the same rankings."""

    def __init__(
        self,
        rankings: Mapping[str, Sequence[tuple[str, float]]],
        reranker: Mapping[str, float],
        boosts: Mapping[str, float] | None = None,
    ) -> None:
        self.rankings = rankings
        self.reranker = reranker
        self.boosts = boosts or {}

    def search(
        self, query: str, mode: Mode = "reranked", size: int = 10, *, offset: int = 0, filter: Filter | None = None
    ) -> Answer:
        assert (offset, filter) == (0, None)
        ranking = self.rankings["fused" if mode == "reranked" else mode][:size]
        results = tuple(
            Result(id, "docs", {}, score, scores=self.scores(id, score, mode), boost=self.boosts.get(id, 1.0))
            for id, score in ranking
        )
        return Answer(query, mode, results, {})

    def scores(self, id: str, score: float, mode: Mode) -> dict[str, float]:
        return {"fused": score, "reranked": self.reranker[id]} if mode == "reranked" else {mode: score}


def judged(right: str, count: int = 10) -> JudgedQueries:
    queries = {f"q{n}": f"question {n}" for n in range(count)}
    return JudgedQueries(queries, {query: {right: 1.0} for query in queries})


def test_the_ranking_that_is_right_gets_the_say() -> None:
    asker = Recorded({"bm25": WORDS, "dense": VECTORS}, {})
    queries = judged("right")
    legs = ask_legs(asker, queries, SPEC.legs, 100, silent)
    choice = choose_fusion(SPEC, queries, legs, "mrr@10")
    assert (choice.before, choice.value, choice.expected) == (0.5, 1.0, 1.0)
    assert choice.best.weights.dense >= choice.best.weights.bm25
    assert choice.is_better
    assert choice.p_value < 0.05


def test_of_equals_the_one_in_use_stays() -> None:
    queries = judged("wrong")
    legs = {query: Found({"bm25": WORDS, "dense": WORDS}, {}) for query in queries.texts}
    choice = choose_fusion(SPEC, queries, legs, "mrr@10")
    assert choice.best.weights == SPEC.weights
    assert not choice.is_better


def test_a_cross_encoder_that_is_wrong_is_not_listened_to() -> None:
    asker = Recorded({"fused": VECTORS}, {"right": -4.0, "other": 0.0, "wrong": 7.0})
    trusting = replace(SPEC, rerank_weight=1.0)
    choice = choose_reranking(trusting, asker, judged("right"), "mrr@10", silent)
    assert choice.best.rerank_weight <= 0.5
    assert choice.is_better


def test_one_query_is_no_ground_to_expect_anything_else() -> None:
    asker = Recorded({"fused": VECTORS}, {"right": 3.0, "other": 0.0, "wrong": -7.0})
    choice = choose_reranking(SPEC, asker, judged("right", 1), "mrr@10", silent)
    assert choice.best == SPEC
    assert not choice.is_better


def test_a_window_is_as_deep_as_it_pays() -> None:
    vectors = [(f"v{n}", 1 - n / 1000) for n in range(150)]
    words = [*((f"w{n}", 200.0 - n) for n in range(60)), ("v70", 139.0)]
    asker = Recorded({"bm25": words, "dense": vectors}, {})
    queries = judged("v70")
    legs = ask_legs(asker, queries, SPEC.legs, 200, silent)
    narrow = replace(SPEC, window=20, weights=Weights())
    choice = choose_window(narrow, queries, legs, "mrr@100")
    assert choice.best.window == 200  # only there the last word is far above those at the end of the window
    assert choice.is_better
    assert choose_window(choice.best, queries, legs, "mrr@100").best == choice.best


def test_business_fields_count_in_what_is_tried_as_they_do_in_searches() -> None:
    words = [("wrong", 9.0), ("right", 8.0), ("other", 1.0)]  # the engine has multiplied "right" by 4
    asker = Recorded({"bm25": words, "dense": [("wrong", 0.9), ("right", 0.85), ("other", 0.1)]}, {}, {"right": 4.0})
    queries = judged("right")
    legs = ask_legs(asker, queries, SPEC.legs, 100, silent)
    assert choose_window(SPEC, queries, legs, "mrr@10").before == 1.0  # (2 x 1/8 + 0.94) / 3 x 4, against 1
    assert choose_window(replace(SPEC, fusion="rrf"), queries, legs, "mrr@10").before == 1.0


def test_terms_are_pruned_as_far_as_it_costs_nothing() -> None:
    spec = IndexSpec("docs", ("title",), sparse=SparseField())
    right, wrong = [("right", 2.0), ("wrong", 1.0)], [("wrong", 2.0), ("right", 1.0)]
    queries = judged("right")

    def asker_of(each: IndexSpec) -> Recorded:
        is_strong = each.query_prune is not None and each.query_prune.ratio > 0.3
        return Recorded({"bm25": right, "sparse": wrong if is_strong else right}, {})

    specs = prunings(spec)
    legs = ask_legs(asker_of(spec), queries, spec.legs, 100, silent)
    asked = ask_prunings(specs, asker_of, queries, legs, silent)
    weighted = [replace(each, weights=Weights(sparse=3.0)) for each in specs]
    choice = choose_pruning(weighted, asked, queries, "mrr@10", 0.005)
    assert choice.best.query_prune == Pruning(0.3)
    assert choice.expected == choice.before == 1.0
    generous = choose_pruning(weighted, asked, queries, "mrr@10", 0.6)
    assert generous.best.query_prune == Pruning(0.5)
    assert generous.value == 0.5
