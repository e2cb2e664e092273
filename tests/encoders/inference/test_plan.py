"""The planner: every text once, inside the budget, in lengths that belong together, and back in order."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.encoders.inference.plan import Batch, TokenBudget, padding_share, plan_batches, restore_order, slices

LENGTHS = st.lists(st.integers(min_value=0, max_value=700), max_size=200)
BUDGETS = st.builds(
    TokenBudget,
    tokens=st.integers(1, 9000),
    max_rows=st.integers(1, 80),
    attention_span=st.integers(100, 5000),
    slack=st.floats(0, 1),
    spare=st.integers(0, 20),
    multiple=st.sampled_from([1, 8, 16, 64]),
)


@given(LENGTHS, BUDGETS)
def test_every_text_is_in_exactly_one_batch(lengths: list[int], budget: TokenBudget) -> None:
    planned = [index for batch in plan_batches(lengths, budget) for index in batch.indices]
    assert sorted(planned) == list(range(len(lengths)))


@given(LENGTHS, BUDGETS)
def test_order_is_restored_for_any_lengths(lengths: list[int], budget: TokenBudget) -> None:
    batches = plan_batches(lengths, budget)
    rows = [[f"{index}:{lengths[index]}" for index in batch.indices] for batch in batches]
    assert restore_order(batches, rows) == [f"{index}:{length}" for index, length in enumerate(lengths)]


@given(LENGTHS, BUDGETS)
def test_a_batch_fits_the_budget_or_is_one_text(lengths: list[int], budget: TokenBudget) -> None:
    for batch in plan_batches(lengths, budget):
        rows = len(batch.indices)
        assert rows <= budget.max_rows
        assert rows == 1 or rows * budget.cost(batch.length) <= budget.tokens


@given(LENGTHS, BUDGETS)
def test_no_text_is_cut_and_none_is_padded_beyond_the_slack(lengths: list[int], budget: TokenBudget) -> None:
    for batch in plan_batches(lengths, budget):
        padded = [budget.padded(lengths[index]) for index in batch.indices]
        assert batch.length == max(padded)
        assert min(padded) >= min(batch.length * (1 - budget.slack), batch.length - budget.spare)
        assert batch.length % budget.multiple == 0


def test_mixed_lengths_waste_next_to_nothing() -> None:
    lengths = random.Random(7).choices(range(5, 500), k=1000)
    assert padding_share(lengths, plan_batches(lengths)) < 0.02


def test_short_queries_of_different_lengths_run_together() -> None:
    assert len(plan_batches([4, 6, 8, 9, 11, 12])) == 1


def test_the_longest_texts_run_first() -> None:
    lengths = [batch.length for batch in plan_batches([3, 200, 40, 512, 41, 8])]
    assert lengths == sorted(lengths, reverse=True)


def test_attention_makes_long_batches_smaller_than_their_tokens_alone_would() -> None:
    flat = TokenBudget(tokens=4200, attention_span=10**9)
    steep = TokenBudget(tokens=4096, attention_span=512)
    assert len(plan_batches([512] * 8, flat)) == 1
    assert len(plan_batches([512] * 8, steep)) == 2


def test_nothing_to_encode_is_no_batch() -> None:
    assert plan_batches([]) == []
    assert restore_order([], []) == []
    assert padding_share([], []) == 0.0


@pytest.mark.parametrize("wrong", [{"tokens": 0}, {"max_rows": 0}, {"multiple": -1}, {"slack": 1.5}, {"spare": -1}])
def test_a_budget_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TokenBudget(**wrong)


def test_a_batch_counts_its_padding() -> None:
    assert Batch((0, 1, 2), 10).tokens == 30


def test_slices_cover_everything_once() -> None:
    assert list(slices(0, 3)) == []
    assert [list(range(7))[part] for part in slices(7, 3)] == [[0, 1, 2], [3, 4, 5], [6]]
