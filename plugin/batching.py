"""Which of the waiting texts run together."""

from collections.abc import Callable, Sequence

from outrider.encoders import TokenBudget, plan_batches


def batch_of_first(batch_tokens: int) -> Callable[[Sequence[int]], Sequence[int]]:
    """Chooses by token lengths the places of the texts that run in one batch with the first: no text waits for ever."""
    budget = TokenBudget(tokens=batch_tokens)

    def choose(lengths: Sequence[int]) -> Sequence[int]:
        return next(batch.indices for batch in plan_batches(lengths, budget) if 0 in batch.indices)

    return choose
