"""Results, and how they came about."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from .errors import BadQuery

Mode = Literal["bm25", "dense", "sparse", "fused", "reranked"]
MAX_DEPTH = 10_000  # index.max_result_window, by default
MODES: tuple[Mode, ...] = get_args(Mode)
Filter = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A range of a document's body, in characters, and its text."""

    start: int
    stop: int
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """One document found: its place and score in each ranking that has it (ranks from 1).

    `score` is what the results are ordered by. Of a reranked answer it is between 1 and 2 for what the cross-encoder
    has seen, whose own score is in `scores`, and between 0 and 1, the fused score, for what follows.
    `boost` is what the score was multiplied with for the document's business fields.
    `excerpt` is the chunk that answers best, where the index keeps chunks and a model was asked.
    """

    id: str
    index: str
    source: Mapping[str, Any]
    score: float
    ranks: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    excerpt: Excerpt | None = None
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Results best first, the milliseconds of each stage, and how vectors were compared.

    `reachable` is how many documents the first windows of all rankings have between them.
    `not_reranked` is why the answer is in the order of the fusion, where it was to be reranked.
    """

    query: str
    mode: Mode
    results: tuple[Result, ...]
    timings_ms: Mapping[str, float]
    dense_plan: str = ""
    reachable: int = 0
    not_reranked: str = ""


def check_question(query: str, mode: Mode, size: int, modes: Sequence[Mode], index: str, offset: int = 0) -> None:
    """Raises BadQuery for what cannot be asked."""
    if mode not in modes:
        raise BadQuery(f"index '{index}' cannot be searched by {mode!r}; it can by {', '.join(modes)}")
    if not query.strip():
        raise BadQuery("the query is empty: give it at least one word")
    if size < 1 or offset < 0:
        raise BadQuery(f"size is {size} and offset {offset}; they must be at least 1 and 0")
    if offset + size > MAX_DEPTH:
        raise BadQuery(f"results {offset + 1} to {offset + size} are asked for; the engine goes down to {MAX_DEPTH}")
    try:
        query.encode()
    except UnicodeEncodeError as err:
        raise BadQuery(f"the query holds half of a character pair at position {err.start}") from err


@contextmanager
def timed(timings_ms: dict[str, float], stage: str) -> Iterator[None]:
    """Notes how long the block took."""
    started_s = time.perf_counter()
    yield
    timings_ms[stage] = round((time.perf_counter() - started_s) * 1000, 3)
