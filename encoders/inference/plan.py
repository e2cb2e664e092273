"""Token lengths -> batches: which texts run together, under one token budget, with next to no padding.

Pure functions from values to values. Used by the encode loop of the public classes, by `Model` and by the service.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """How large one forward may be.

    A CPU is fastest on small batches (128 rows run at 0.6x the speed of 32), a GPU wants a larger `tokens`.
    """

    tokens: int = 4096
    """The most padded tokens a batch may cost; a single text that costs more runs alone."""
    max_rows: int = 64
    attention_span: int = 2304
    """The length at which attention costs as much as everything else: 6 x hidden size (4·L·h against 24·h² FLOPs)."""
    slack: float = 0.125
    """A text joins a batch while it is at most this share shorter than the longest text there."""
    spare: int = 8
    """A text also joins while it is at most this many tokens shorter, which costs less than a forward of its own.

    Measured with MiniLM-L6 on two Zen 4 cores: one text of 8 tokens takes 4.3 ms, four take 6.0 ms (float32), 1.4 and
    4.1 ms in int8: a forward costs as much as about 20 or 7 tokens, whatever it holds.
    """
    multiple: int = 1
    """Padded lengths are rounded up to it: executors that compile per shape then see few shapes."""

    def __post_init__(self) -> None:
        for name in ("tokens", "max_rows", "attention_span", "multiple"):
            if getattr(self, name) < 1:
                raise ValueError(f"TokenBudget.{name} is {getattr(self, name)}; it must be at least 1")
        if self.spare < 0:
            raise ValueError(f"TokenBudget.spare is {self.spare}; it must be at least 0")
        if not 0 <= self.slack <= 1:
            raise ValueError(f"TokenBudget.slack is {self.slack}; it must lie between 0 (no padding) and 1 (any)")

    def padded(self, length: int) -> int:
        """The length that a text of `length` tokens is padded to when it is the longest of its batch."""
        return -(-max(length, 1) // self.multiple) * self.multiple

    def cost(self, length: int) -> float:
        """What one row of that padded length costs, in tokens; the quadratic part is attention."""
        return length * (1 + length / self.attention_span)


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts that run together: their positions in the input, and the length that they are padded to."""

    indices: tuple[int, ...]
    length: int

    @property
    def tokens(self) -> int:
        """Tokens computed, padding included."""
        return len(self.indices) * self.length


DEFAULT_BUDGET = TokenBudget()
# Many texts at once have neighbours of nearly their length. Measured with OpenVINO in bfloat16 on one Zen 4 core, 200
# texts of 20 to 500 tokens: 162 GFLOP/s at this slack (3 % padding), 155 at 0.125 (6.5 %).
CPU_BUDGET = TokenBudget(slack=0.03)
# A launch costs a GPU more than padding does.
GPU_BUDGET = TokenBudget(tokens=32_768, max_rows=1024, slack=1.0)
# Without padding there is nothing to keep apart.
PACKED_BUDGET = TokenBudget(slack=1.0)


def slices(count: int, size: int) -> Iterator[slice]:
    """0 to `count` in parts of `size`: what is tokenised and planned together."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def plan_batches(lengths: Sequence[int], budget: TokenBudget = DEFAULT_BUDGET) -> list[Batch]:
    """Group texts of these token lengths; every position occurs in exactly one batch.

    The longest come first: a run that will not fit in memory fails at its start, and progress only gets faster.
    """
    order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
    batches: list[Batch] = []
    start = 0
    while start < len(order):
        stop = _batch_end(order, start, lengths, budget)
        batches.append(Batch(tuple(order[start:stop]), budget.padded(lengths[order[start]])))
        start = stop
    return batches


def _batch_end(order: Sequence[int], start: int, lengths: Sequence[int], budget: TokenBudget) -> int:
    padded = budget.padded(lengths[order[start]])
    rows = max(1, min(budget.max_rows, int(budget.tokens // budget.cost(padded))))
    shortest = min(padded * (1 - budget.slack), padded - budget.spare)
    last = min(start + rows, len(order))
    stop = start + 1
    while stop < last and budget.padded(lengths[order[stop]]) >= shortest:
        stop += 1
    return stop


def restore_order(batches: Iterable[Batch], results: Iterable[Sequence[Row]]) -> list[Row]:
    """Put the rows of each batch back where their texts stood in the input."""
    placed: dict[int, Row] = {}
    for batch, rows in zip(batches, results, strict=True):
        placed.update(zip(batch.indices, rows, strict=True))
    return [placed[index] for index in range(len(placed))]


def padding_share(lengths: Sequence[int], batches: Iterable[Batch]) -> float:
    """The share of computed tokens that are padding; 0 when nothing is computed."""
    computed = sum(batch.tokens for batch in batches)
    return 1 - sum(lengths) / computed if computed else 0.0
