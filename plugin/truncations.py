"""How many texts of the request at hand were cut at a model's limit, for whoever answers it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from .work import Encoded, Outcome


@dataclass(slots=True)
class Tally:
    """Counts over all models that the request asks."""

    texts: int = 0


_current: ContextVar[Tally | None] = ContextVar("outrider_truncations", default=None)


@contextmanager
def tallied() -> Iterator[Tally]:
    """Counts what is encoded within the block, also in tasks that it starts."""
    tally = Tally()
    token = _current.set(tally)
    try:
        yield tally
    finally:
        _current.reset(token)


def count(outcomes: Sequence[Outcome]) -> None:
    """Add the texts among these that were cut."""
    tally = _current.get()
    if tally is not None:
        tally.texts += sum(isinstance(outcome, Encoded) and outcome.truncated for outcome in outcomes)
