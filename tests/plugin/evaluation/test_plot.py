from outrider.plugin.evaluation import ModeReport
from outrider.plugin.evaluation.plot import front


def mode(name: str, value: float, ms: float) -> ModeReport:
    return ModeReport(name, {"q": ["d"]}, {"ndcg@10": {"q": value}}, {"q": ms})  # type: ignore[arg-type]


def test_the_front_is_what_nothing_beats_in_both_quality_and_time() -> None:
    modes = [mode("bm25", 0.3, 5), mode("dense", 0.25, 9), mode("fused", 0.4, 20), mode("reranked", 0.4, 90)]
    assert [each.mode for each in front(modes, "ndcg@10")] == ["bm25", "fused"]
