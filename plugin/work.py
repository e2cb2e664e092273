"""What waits in a queue: a request's texts, and what became of each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from .errors import ServiceError


class Priority(StrEnum):
    """Who waits for the answer: a person (queries, reranking), or a loader of documents."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


class Tokenized(Protocol):
    """One text as the model takes it."""

    @property
    def length(self) -> int:
        """Its number of tokens."""

    @property
    def truncated(self) -> bool:
        """Whether the model's limit cut it."""


@runtime_checkable
class Refused(Protocol):
    """A text that could not be tokenised."""

    @property
    def reason(self) -> str:
        """Why, as a sentence."""


class Model(Protocol):
    """What the scheduler needs of `outrider.encoders.open_model(...)`."""

    def tokenize(self, inputs: Sequence[Any], task: str) -> Sequence[Any]:
        """One Tokenized or Refused for each input."""

    def run(self, batch: Sequence[Any]) -> Sequence[Any]:
        """One row for each tokenised text."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the model made of one text: a vector, term weights or a score."""

    row: Any
    tokens: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """Why one text has no row."""

    error: ServiceError


Outcome = Encoded | Failed


@dataclass(slots=True, eq=False)
class Work:
    """The texts of one request, on their way through one queue.

    The event loop owns everything but `is_abandoned`, which it only ever sets, and which the lane's thread reads.
    """

    inputs: Sequence[Any]
    task: str
    priority: Priority
    arrived_s: float
    costs: Sequence[int]
    answer: asyncio.Future[list[Outcome]]
    outcomes: list[Outcome | None] = field(init=False)
    missing: int = field(init=False)
    is_abandoned: bool = False

    def __post_init__(self) -> None:
        self.outcomes = [None] * len(self.inputs)
        self.missing = len(self.inputs)


@dataclass(frozen=True, slots=True)
class Piece:
    """One tokenised text of a request."""

    work: Work
    index: int
    text: Tokenized


@dataclass(frozen=True, slots=True)
class Finished:
    """Texts that one turn of a lane's thread disposed of, and what it cost."""

    pieces: Sequence[tuple[Work, int, Outcome]]
    seconds: float
    started_s: float
    busy_s: float
    """What the texts behind these waited for them: since the batch before, or since there was work again."""
    padded_tokens: int
