"""Business fields that count beside relevance: popularity, rating, price, freshness."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .errors import BadSpec

Function = Literal["log1p", "saturation", "decay"]
FUNCTIONS: tuple[Function, ...] = get_args(Function)
Values = Mapping[str, Sequence[Any]]

_HOUR_MS = 3_600_000
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Boost:
    """A number or date of a document as part of a factor on its score, `weight` times what `function` gives.

    `log1p` is ln(1 + value / pivot). `saturation` is value / (value + pivot), half at the pivot and never above 1.
    `decay` is 1 / 2 ** (distance / pivot): the distance of a number from `origin`, or of a date from now, in days.
    A document without a value gets nothing, nor does a negative one from log1p and saturation; of several values the
    lowest counts, and the nearest where they decay.
    """

    field: str
    function: Function
    pivot: float = 1.0
    weight: float = 1.0
    origin: float | None = None

    def __post_init__(self) -> None:
        where = f"the boost by '{self.field}'"
        if self.function not in FUNCTIONS:
            raise BadSpec(f"{where}: function {self.function!r} is not known; use {', '.join(FUNCTIONS)}")
        if not (math.isfinite(self.pivot) and self.pivot > 0):
            raise BadSpec(f"{where}: pivot is {self.pivot}; it must be a number above 0")
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise BadSpec(f"{where}: weight is {self.weight}; it must be a number above 0, or leave the boost out")
        if self.origin is not None and self.function != "decay":
            raise BadSpec(f"{where}: {self.function} knows no origin; leave it out, or use decay")

    @property
    def is_of_date(self) -> bool:
        """Whether the values are dates: what decays from now on."""
        return self.function == "decay" and self.origin is None

    def value(self, values: Sequence[Any], now_ms: float) -> float:
        """What the function gives, without the weight; dates are milliseconds since 1970."""
        numbers = [float(each) for each in values]
        if not numbers:
            return 0.0
        if self.function == "decay":
            origin, half = (now_ms, self.pivot * DAY_MS) if self.origin is None else (self.origin, self.pivot)
            return float(0.5 ** (min(abs(number - origin) for number in numbers) / half))
        lowest = min(numbers)
        if lowest < 0:
            return 0.0
        return math.log1p(lowest / self.pivot) if self.function == "log1p" else lowest / (lowest + self.pivot)


def factor(boosts: Sequence[Boost], values: Values, now_ms: float) -> float:
    """What a document's score is multiplied with: 1 and what each boost adds."""
    return 1 + math.fsum(boost.weight * boost.value(values.get(boost.field, ()), now_ms) for boost in boosts)


def whole_hour_ms(time_s: float) -> float:
    """The hour that a moment is in: pages that are asked for one after the other see the same ages."""
    return time_s * 1000 // _HOUR_MS * _HOUR_MS
