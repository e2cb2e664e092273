"""The metrics equal those of trec_eval."""

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import AP, RR, P, R, nDCG

from outrider.encoders.metrics import evaluate, judged_share, mean, measure

DOCUMENTS = [f"d{number}" for number in range(30)]
REFERENCES = {
    "ndcg@10": nDCG @ 10,
    "recall@10": R @ 10,
    "precision@5": P @ 5,
    "mrr@10": RR @ 10,
    "map@10": AP @ 10,
}


@settings(max_examples=50, deadline=None)
@given(
    ranking=st.lists(st.sampled_from(DOCUMENTS), unique=True, min_size=1),
    judged=st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(0, 3), min_size=1),
)
def test_every_measure_equals_the_reference(ranking: list[str], judged: dict[str, int]) -> None:
    scored = {"q": {doc: float(len(ranking) - place) for place, doc in enumerate(ranking)}}
    expected = ir_measures.calc_aggregate(list(REFERENCES.values()), {"q": judged}, scored)
    found = evaluate({"q": ranking}, {"q": judged}, list(REFERENCES))
    for name, reference in REFERENCES.items():
        assert mean(found[name]) == pytest.approx(expected[reference], abs=1e-9), name


def test_a_query_without_results_counts_zero() -> None:
    values = evaluate({"a": ["d1"]}, {"a": {"d1": 1}, "b": {"d2": 1}}, ["ndcg@10"])["ndcg@10"]
    assert values == {"a": 1.0, "b": 0.0}
    assert mean(values) == 0.5


def test_judged_share_counts_what_was_looked_at() -> None:
    assert judged_share(["d1", "d2", "d3", "d4"], {"d1": 0, "d4": 1}, 4) == 0.5


@pytest.mark.parametrize("name", ["ndcg", "ndcg@", "ndcg@0", "dcg@10", "ndcg@-1"])
def test_an_unknown_measure_lists_the_known_ones(name: str) -> None:
    with pytest.raises(ValueError, match="such as ndcg@10"):
        measure(name)
