import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.connectors import TECHNIQUES, Technique, fuse, fuse_in_blocks, reciprocal_rank_fusion, rerank
from outrider.connectors.fusion import divided, multiplied

WORDS = [("a", 9.0), ("b", 5.0), ("c", 1.0)]
VECTORS = [("b", 0.9), ("d", 0.8)]


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


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_nothing_fused_is_nothing(technique: Technique) -> None:
    assert fuse([[], []], [1, 1], technique) == []


def test_min_max_scales_each_ranking_to_one_and_keeps_the_last_above_what_was_not_found() -> None:
    fused = dict(fuse([WORDS, VECTORS], [1, 1], "min_max"))
    assert fused == {"b": pytest.approx(0.75), "a": 0.5, "c": 0.0005, "d": 0.0005}


def test_z_score_counts_deviations_above_the_mean() -> None:
    fused = dict(fuse([WORDS], [1], "z_score"))
    assert fused == {"a": pytest.approx(4 / np.std([9, 5, 1])), "b": 0.001, "c": 0.001}


def test_l2_divides_by_the_length_of_all_scores() -> None:
    fused = dict(fuse([VECTORS], [1], "l2"))
    assert fused["b"] == pytest.approx(0.9 / math.hypot(0.9, 0.8))


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_equal_scores_and_single_hits_are_fused_too(technique: Technique) -> None:
    assert [item for item, _ in fuse([[("a", 2.0), ("b", 2.0)], [("c", 1.0)]], [1, 1], technique)][:1] in (["a"], ["c"])


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_weights_decide_and_zero_leaves_out(technique: Technique) -> None:
    assert fuse([WORDS, VECTORS], [0, 3], technique)[0][0] == "b"
    assert [item for item, _ in fuse([WORDS, VECTORS], [1, 0], technique)] == ["a", "b", "c"]


def test_reading_deeper_changes_nothing_above() -> None:
    words = [(f"w{n}", 100.0 - n) for n in range(30)]
    vectors = [(f"w{n}", 1 - n / 40) for n in range(29, -1, -1)]
    whole = fuse_in_blocks([words, vectors], [1, 1], "min_max", 10)
    part = fuse_in_blocks([words[:20], vectors[:20]], [1, 1], "min_max", 10)
    assert whole[: len(part)] == part
    assert len(whole) == 30
    scores = [score for _, score in whole]
    assert scores == sorted(scores, reverse=True)


def test_the_reranker_alone_or_none_of_it_or_half() -> None:
    window, scores = [("a", 0.9), ("b", 0.5), ("c", 0.1)], [-3.0, 1.0, 5.0]
    assert [item for item, _ in rerank(window, scores, 1.0)] == ["c", "b", "a"]
    assert [item for item, _ in rerank(window, scores, 0.0)] == ["a", "b", "c"]
    assert rerank(window, scores, 0.75)[0][0] == "c"


ranking = st.dictionaries(st.integers(0, 30), st.floats(0, 1e6, allow_subnormal=False), max_size=20).map(
    lambda found: sorted(found.items(), key=lambda pair: -pair[1])
)


@given(st.lists(ranking, min_size=1, max_size=4), st.sampled_from(TECHNIQUES))
def test_every_item_comes_out_once_with_a_finite_score_best_first(
    rankings: list[list[tuple[int, float]]], technique: Technique
) -> None:
    fused = fuse(rankings, [1.0] * len(rankings), technique)
    scores = [score for _, score in fused]
    assert sorted(item for item, _ in fused) == sorted({item for each in rankings for item, _ in each})
    assert all(map(math.isfinite, scores))
    assert scores == sorted(scores, reverse=True)


@given(st.lists(ranking, min_size=1, max_size=3), st.sampled_from(TECHNIQUES), st.integers(1, 7))
def test_block_after_block_scores_never_rise(
    rankings: list[list[tuple[int, float]]], technique: Technique, window: int
) -> None:
    fused = fuse_in_blocks(rankings, [1.0] * len(rankings), technique, window)
    scores = [score for _, score in fused]
    assert scores == sorted(scores, reverse=True)
    assert sorted(item for item, _ in fused) == sorted({item for each in rankings for item, _ in each})


@given(ranking.filter(bool), st.floats(0, 1))
def test_what_was_reranked_stays_above_what_follows(window: list[tuple[int, float]], weight: float) -> None:
    scores = [score for _, score in rerank(window, [float(n) for n in range(len(window))], weight)]
    floor = max(1.0, window[-1][1])
    assert all(floor <= score <= floor + 1 for score in scores)


@given(ranking, st.integers(1, 8))
def test_factors_come_out_again_as_they_went_in(found: list[tuple[int, float]], block: int) -> None:
    factors = {item: 1 + item / 7 for item, _ in found}
    boosted = multiplied(found, factors)
    assert dict(divided(boosted, factors)) == pytest.approx(dict(found), rel=3e-6)
    in_blocks = divided(boosted, factors, block)
    for start in range(0, len(found), block):
        part = in_blocks[start : start + block]
        assert {item for item, _ in part} == {item for item, _ in boosted[start : start + block]}
        assert part == sorted(part, key=lambda pair: -pair[1])


def test_scores_that_differ_by_rounding_are_not_blown_up_by_normalising() -> None:
    factors = {"a": 3.89329, "b": 2.1, "c": 1.0}
    boosted = [(item, float(np.float32(np.float32(0.0047031425) * np.float32(each)))) for item, each in factors.items()]
    assert {score for _, score in fuse([divided(boosted, factors)], [1], "min_max")} == {1.0}
    assert [item for item, _ in divided(boosted, factors)] == ["a", "b", "c"]


def test_a_cross_encoder_does_not_undo_a_factor() -> None:
    window, scores = [("a", 0.9), ("b", 0.8)], [5.0, 4.999]
    assert [item for item, _ in rerank(window, scores, 0.5, {"b": 1.0})] == ["a", "b"]
    order = rerank([("a", 0.9), ("b", 0.8), ("c", 0.1)], [5.0, 4.999, 0.0], 1.0, {"b": 1.5})
    assert [item for item, _ in order] == ["b", "a", "c"]
