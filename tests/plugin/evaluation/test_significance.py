"""The randomisation test against values that can be counted by hand."""

import itertools

import pytest

from outrider.plugin.evaluation import paired_p_value


def test_no_difference_is_surely_chance() -> None:
    assert paired_p_value([0.5, 0.2], [0.5, 0.2]) == 1.0


@pytest.mark.parametrize("differences", [[0.1, 0.2, 0.3, 0.4, 0.5], [0.5, -0.1, 0.3, -0.2, 0.4, 0.1]])
def test_it_is_the_share_of_all_sign_flips(differences: list[float]) -> None:
    observed = abs(sum(differences))
    flips = list(itertools.product((1, -1), repeat=len(differences)))
    sums = [abs(sum(sign * each for sign, each in zip(flip, differences, strict=True))) for flip in flips]
    exact = sum(each >= observed - 1e-9 for each in sums) / len(flips)
    assert paired_p_value(differences, [0.0] * len(differences)) == pytest.approx(exact, abs=0.015)


def test_a_large_gain_on_many_queries_is_not_chance() -> None:
    assert paired_p_value([0.6] * 50, [0.5] * 50) < 0.001
