"""Statistics equal those of scikit-learn and scipy, ties included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]
from sklearn import metrics  # type: ignore[import-untyped]

from outrider.encoders.evaluation import statistics, thresholds

SCORED = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=3, max_size=30).filter(
    lambda rows: 0 < sum(label for label, _ in rows) < len(rows) and len({score for _, score in rows}) > 1
)


@given(rows=SCORED, k=st.integers(1, 12))
def test_rankings_with_ties(rows: list[tuple[int, int]], k: int) -> None:
    labels, scores = map(np.array, zip(*rows, strict=True))
    assert statistics.average_precision(labels, scores) == pytest.approx(
        metrics.average_precision_score(labels, scores)
    )
    assert statistics.ndcg(labels, scores, k) == pytest.approx(metrics.ndcg_score([labels], [scores], k=k))
    assert statistics.matthews(labels, scores > 2) == pytest.approx(metrics.matthews_corrcoef(labels, scores > 2))


@given(rows=SCORED)
def test_correlations_with_ties(rows: list[tuple[int, int]]) -> None:
    left, right = map(np.array, zip(*rows, strict=True))
    assert statistics.pearson(left, right) == pytest.approx(stats.pearsonr(left, right).statistic)
    assert statistics.spearman(left, right) == pytest.approx(stats.spearmanr(left, right).statistic)


@given(rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20))
def test_f1_over_classes(rows: list[tuple[int, int]]) -> None:
    gold, predicted = zip(*rows, strict=True)
    found = statistics.f1_by_class(gold, predicted)
    for average in ("macro", "micro", "weighted"):
        wanted = metrics.f1_score(gold, predicted, average=average, zero_division=0)
        assert found[f"f1_{average}"] == pytest.approx(wanted)


def test_without_anything_relevant_rankings_are_worth_nothing() -> None:
    assert statistics.average_precision([0, 0], [1, 2]) == 0
    assert statistics.ndcg([0, 0], [1, 2], 10) == 0
    assert thresholds.best_f1([0.1, 0.2], [0, 0]) == (0, 0, 0, 0)
    assert np.isnan(statistics.pearson([1, 1], [1, 2]))


def test_the_threshold_lies_between_the_classes() -> None:
    assert thresholds.best_accuracy([0.1, 0.4, 0.8], [0, 1, 1]) == pytest.approx((1, 0.25))
    assert thresholds.best_accuracy([0.1, 0.4, 0.8], [1, 1, 0], high_score_more_similar=False) == pytest.approx(
        (1, 0.6)
    )
