"""Which of the waiting texts run together."""

from collections.abc import Sequence

from outrider.encoders import TokenBudget, plan_batches

# On a CPU a large batch is no faster than a small one (128 rows run at 0.6x the speed of 32), and whoever comes next
# waits for it.
BUDGET = TokenBudget(tokens=2048, max_rows=32)


def batch_of_first(lengths: Sequence[int]) -> Sequence[int]:
    """The places of the texts, by their token lengths, that run in one batch with the first: no text waits for ever."""
    return next(batch.indices for batch in plan_batches(lengths, BUDGET) if 0 in batch.indices)
