"""Settings chosen on judged queries, with rankings one can fuse in one's head."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from outrider.connectors import Answer, DenseField, Filter, IndexSpec, Mode, Result, Weights
from outrider.plugin.evaluation import JudgedQueries, Reranking, ask_legs, choose_fusion, choose_reranking

WORDS = [("wrong", 9.0), ("right", 5.0), ("other", 1.0)]
VECTORS = [("right", 0.9), ("other", 0.5), ("wrong", 0.1)]
SPEC = IndexSpec("docs", ("title",), dense=DenseField(4), weights=Weights(bm25=2.0))


def silent(done: int, total: int) -> None:
    """No bar."""


class Recorded:
    """Answers every question with the same rankings."""

    def __init__(self, rankings: Mapping[str, Sequence[tuple[str, float]]], reranker: Mapping[str, float]) -> None:
        self.rankings = rankings
        self.reranker = reranker

    def search(
        self, query: str, mode: Mode = "reranked", size: int = 10, *, offset: int = 0, filter: Filter | None = None
    ) -> Answer:
        assert (offset, filter) == (0, None)
        ranking = self.rankings["fused" if mode == "reranked" else mode][:size]
        results = tuple(Result(id, "docs", {}, score, scores=self.scores(id, score, mode)) for id, score in ranking)
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
    legs = {query: {"bm25": WORDS, "dense": WORDS} for query in queries.texts}
    choice = choose_fusion(SPEC, queries, legs, "mrr@10")  # type: ignore[arg-type]
    assert choice.best.weights == SPEC.weights
    assert not choice.is_better


def test_a_cross_encoder_that_is_wrong_is_not_listened_to() -> None:
    asker = Recorded({"fused": VECTORS}, {"right": -4.0, "other": 0.0, "wrong": 7.0})
    trusting = replace(SPEC, rerank_weight=1.0)
    choice = choose_reranking(trusting, asker, judged("right"), "mrr@10", silent)
    assert choice.best.weight <= 0.5
    assert choice.is_better


def test_one_query_is_no_ground_to_expect_anything_else() -> None:
    asker = Recorded({"fused": VECTORS}, {"right": 3.0, "other": 0.0, "wrong": -7.0})
    choice = choose_reranking(SPEC, asker, judged("right", 1), "mrr@10", silent)
    assert choice.best == Reranking(0.5, 50)
    assert not choice.is_better
