"""Scores -> a ranking: shared by every protocol's rerank."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import DeadlineExceeded
from ..sidecar import Encoding
from ..work import Encoded, Failed, Outcome
from .reply import short


@dataclass(frozen=True, slots=True)
class Ranked:
    """One document's place in the request, and its score; None where the deadline came first."""

    index: int
    score: float | None


def ranking(encoding: Encoding, *, is_raw: bool = False) -> list[Ranked]:
    """Scored documents, best first, then those that the deadline left, in the order they came in.

    Scores lie between 0 and 1, or are logits if `is_raw`.
    Raises the first error that is not a deadline, and the deadline's where it left nothing at all scored.
    """
    outcomes = encoding.outcomes
    errors = [outcome.error.at(place) for place, outcome in enumerate(outcomes) if isinstance(outcome, Failed)]
    fatal = next((error for error in errors if not isinstance(error, DeadlineExceeded)), None)
    if fatal is not None or (errors and len(errors) == len(outcomes)):
        raise fatal or errors[0]
    convert = _conversion(encoding, is_raw)
    scored = [Ranked(index, _score(outcome, convert)) for index, outcome in enumerate(outcomes)]
    return sorted(scored, key=lambda ranked: float("inf") if ranked.score is None else -ranked.score)


def scores(encoding: Encoding, is_raw: bool) -> list[float]:
    """Every score, in the order of the inputs. Raises the first error."""
    convert = _conversion(encoding, is_raw)
    return [short(convert(row)) for row in encoding.rows]


def completed(ranked: Sequence[Ranked]) -> list[tuple[int, float]]:
    """A score for every document, for protocols that want numbers: what the deadline left goes below the lowest."""
    lowest = min((each.score for each in ranked if each.score is not None), default=0.0)
    return [(each.index, lowest if each.score is None else each.score) for each in ranked]


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A reply whose shape has no room to say that the deadline left documents unscored: a header says it."""

    reply: Any


def marked(reply: Any, ranked: Sequence[Ranked]) -> Any:
    """The reply, as Incomplete where it is."""
    return reply if is_complete(ranked) else Incomplete(reply)


def is_complete(ranked: Sequence[Ranked]) -> bool:
    """Whether every document was scored."""
    return all(each.score is not None for each in ranked)


def _conversion(encoding: Encoding, is_raw: bool) -> Callable[[float], float]:
    has_logits = encoding.served.model.activation == "Identity"
    if has_logits == is_raw:
        return float
    return _logit if is_raw else _sigmoid


def _score(outcome: Outcome, convert: Callable[[float], float]) -> float | None:
    return short(convert(outcome.row)) if isinstance(outcome, Encoded) else None


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else 1 - 1 / (1 + math.exp(logit))


def _logit(score: float) -> float:
    """The logit behind a score; float32 is 1.0 from about 17 on, where the largest score below 1 stands for it."""
    within = min(max(score, 1e-38), 1 - 2**-24)
    return math.log(within) - math.log1p(-within)
