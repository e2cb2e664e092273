"""What waits in a queue, what more would cost, and how fast it goes: the figures behind an early no."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .work import Model

# A text costs its characters, up to about where the model cuts it, and a little for being there at all.
CHARS_PER_TOKEN = 5
COST_PER_TEXT = 8
# The share that the newest batch has in the running mean of a lane's pace.
PACE_WEIGHT = 0.1
# The pace varies: what would only just be in time by the mean is refused, rather than run and be late. Neighbours may
# halve it at any moment, and the longer a text waits, the likelier it is. Where nothing waits, the known pace may be of
# a busier hour, and only trying tells.
CAUTION = 1.25
CAUTION_WAITING = 2.0
CAUTION_ALONE = 0.5


@dataclass(slots=True)
class Backlog:
    """What waits in one lane, and how fast it goes there."""

    texts: int = 0
    chars: int = 0
    cost: int = 0
    seconds_per_cost: float = 0.0

    @property
    def wait_s(self) -> float:
        """How long the newest text will wait, by the pace so far; 0 where none is known."""
        return self.cost * self.seconds_per_cost

    def safe_s(self, cost: int) -> float:
        """How long to expect a newcomer of this cost to take, rather too long than too short."""
        if not self.texts:
            return CAUTION_ALONE * cost * self.seconds_per_cost
        return CAUTION_WAITING * self.wait_s + CAUTION * cost * self.seconds_per_cost

    def learn(self, cost: int, seconds: float) -> None:
        """Take the pace of one batch into the mean."""
        pace = seconds / max(cost, 1)
        known = self.seconds_per_cost or pace
        self.seconds_per_cost = known + PACE_WEIGHT * (pace - known)


@dataclass(frozen=True, slots=True)
class Load:
    """What a request would add to a queue."""

    chars: int
    costs: tuple[int, ...]

    @classmethod
    def of(cls, inputs: Sequence[Any], max_chars: int) -> "Load":
        """The load of texts, or of pairs of texts, for a model that cuts them at `max_chars`."""
        lengths = [sum(map(len, given)) if isinstance(given, tuple | list) else len(given) for given in inputs]
        return cls(sum(lengths), tuple(min(length, max_chars) + COST_PER_TEXT for length in lengths))

    @property
    def cost(self) -> int:
        """Of all texts together."""
        return sum(self.costs)


def first_pace(model: Model, inputs: Sequence[Any]) -> float:
    """Seconds that a unit of cost takes when a warm model runs these texts: a guess for the first requests."""
    started_s = time.perf_counter()
    model.run(model.tokenize(inputs, "document"))
    return (time.perf_counter() - started_s) / Load.of(inputs, sys.maxsize).cost
