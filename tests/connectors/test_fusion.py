import pytest

from outrider.connectors import reciprocal_rank_fusion


def test_scores_are_sums_of_inverse_ranks() -> None:
    fused = dict(reciprocal_rank_fusion([["a", "b"], ["b"]], rank_constant=60))
    assert fused == {"a": pytest.approx(1 / 61), "b": pytest.approx(1 / 62 + 1 / 61)}


def test_what_two_rankings_agree_on_comes_first() -> None:
    fused = reciprocal_rank_fusion([["a", "b", "c"], ["d", "b", "e"]])
    assert fused[0][0] == "b"


def test_the_same_ranks_in_other_rankings_are_a_tie_in_the_order_of_the_first() -> None:
    first, second, third = ["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]
    fused = reciprocal_rank_fusion([first, second, third])
    assert [item for item, _ in fused] == ["a", "b", "c"]
    assert len({score for _, score in fused}) == 1


def test_a_small_rank_constant_trusts_the_top() -> None:
    rankings = [["a", "b", "c"], ["b", "d"], ["c", "b"]]
    assert reciprocal_rank_fusion(rankings, rank_constant=1)[0][0] == "b"


def test_nothing_fused_is_nothing() -> None:
    assert reciprocal_rank_fusion([[], []]) == []
