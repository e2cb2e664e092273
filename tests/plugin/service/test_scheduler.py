"""The queue's promises, on a model whose rows are the texts' lengths."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from outrider.plugin.errors import DeadlineExceeded, InferenceFailed, NotReady, QueueFull, TextRefused
from outrider.plugin.lane import Choose
from outrider.plugin.metrics import Metrics
from outrider.plugin.scheduler import Scheduler
from outrider.plugin.settings import QueueSettings
from outrider.plugin.work import Encoded, Failed, Outcome, Priority

QUERY, BULK = Priority.INTERACTIVE, Priority.BULK


@dataclass(frozen=True)
class FakeTokens:
    text: str
    length: int
    truncated: bool = False


@dataclass(frozen=True)
class FakeRefusal:
    reason: str


@dataclass
class LengthModel:
    """A row is its text's number of characters; texts with `sink` fail; with a closed `gate`, `held` texts wait."""

    name: str = "lengths"
    max_tokens: int = 512
    batches: list[list[str]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    is_running: threading.Event = field(default_factory=threading.Event)
    held: str = ""

    def __post_init__(self) -> None:
        self.gate.set()

    def tokenize(self, inputs: Sequence[str], _task: str) -> list[FakeTokens | FakeRefusal]:
        return [FakeRefusal("no text") if "refuse" in text else FakeTokens(text, len(text)) for text in inputs]

    def run(self, batch: Sequence[FakeTokens]) -> list[int]:
        self.is_running.set()
        if any(tokens.text.startswith(self.held) for tokens in batch):
            self.gate.wait(10)
        self.batches.append([tokens.text for tokens in batch])
        if any("sink" in tokens.text for tokens in batch):
            raise ValueError("this batch sinks")
        return [tokens.length for tokens in batch]


def choose_all(lengths: Sequence[int]) -> range:
    """One batch of everything that waits."""
    return range(len(lengths))


def choose_first(lengths: Sequence[int]) -> range:
    """One text at a time."""
    return range(1)


@asynccontextmanager
async def scheduling(
    model: LengthModel, choose: Choose = choose_all, texts: int = 100, pace: float = 0.0
) -> AsyncIterator[Scheduler]:
    limits = QueueSettings(texts=texts)
    scheduler = Scheduler(model, choose, model.max_tokens, limits, Metrics().of(model.name), pace)
    try:
        yield scheduler
    finally:
        model.gate.set()
        await scheduler.close()


def soon(seconds: float = 10) -> float:
    return time.monotonic() + seconds


async def running(model: LengthModel) -> None:
    await asyncio.to_thread(model.is_running.wait, 10)


def rows(outcomes: list[Outcome]) -> list[int]:
    return [outcome.row for outcome in outcomes if isinstance(outcome, Encoded)]


def error(outcome: Outcome) -> Exception:
    assert isinstance(outcome, Failed)
    return outcome.error


async def test_rows_come_back_in_the_order_of_the_texts() -> None:
    async with scheduling(LengthModel(), choose_first) as scheduler:
        outcomes = await scheduler.encode(["ccc", "a", "bb"], "document", BULK, soon())
    assert rows(outcomes) == [3, 1, 2]


async def test_texts_of_several_requests_share_a_batch() -> None:
    model = LengthModel()
    async with scheduling(model) as scheduler:
        model.gate.clear()
        first = asyncio.create_task(scheduler.encode(["x"], "query", QUERY, soon()))
        await running(model)
        others = [asyncio.create_task(scheduler.encode(["y" * n], "query", QUERY, soon())) for n in (2, 3, 4)]
        await asyncio.sleep(0)
        model.gate.set()
        answers = await asyncio.gather(first, *others)
    assert [rows(answer) for answer in answers] == [[1], [2], [3], [4]]
    assert model.batches == [["x"], ["yy", "yyy", "yyyy"]]


async def test_a_query_does_not_wait_for_the_documents_before_it() -> None:
    model = LengthModel(held="document")
    async with scheduling(model, choose_first) as scheduler:
        model.gate.clear()
        bulk = asyncio.create_task(scheduler.encode(["document"] * 50, "document", BULK, soon()))
        await running(model)
        assert rows(await scheduler.encode(["query"], "query", QUERY, soon())) == [5]
        assert not bulk.done()
        model.gate.set()
        assert len(rows(await bulk)) == 50
    assert model.batches[0] == ["query"]


async def test_documents_do_not_wait_for_a_stream_of_queries() -> None:
    model = LengthModel(held="query")
    async with scheduling(model, choose_first) as scheduler:
        model.gate.clear()
        queries = asyncio.create_task(scheduler.encode(["query"] * 50, "query", QUERY, soon()))
        await running(model)
        assert rows(await scheduler.encode(["document"] * 3, "document", BULK, soon())) == [8, 8, 8]
        assert not queries.done()
        model.gate.set()
        await queries


async def test_a_cancelled_request_costs_no_inference() -> None:
    model = LengthModel()
    async with scheduling(model, choose_first) as scheduler:
        model.gate.clear()
        first = asyncio.create_task(scheduler.encode(["x"], "query", QUERY, soon()))
        await running(model)
        gone = asyncio.create_task(scheduler.encode(["never", "ever"], "query", QUERY, soon()))
        await asyncio.sleep(0)
        assert scheduler.waiting_texts == 3
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert scheduler.waiting_texts == 1
        model.gate.set()
        await first
        await scheduler.encode(["last"], "query", QUERY, soon())
    assert model.batches == [["x"], ["last"]]


async def test_a_full_queue_says_so_at_once_and_when_to_come_back() -> None:
    model = LengthModel()
    async with scheduling(model, texts=3) as scheduler:
        model.gate.clear()
        waiting = asyncio.create_task(scheduler.encode(["a", "b", "c"], "document", BULK, soon()))
        await running(model)
        with pytest.raises(QueueFull, match=r"3 texts .* wait already") as refusal:
            await scheduler.encode(["d"], "document", BULK, soon())
        assert refusal.value.retry_after_s is not None
        assert refusal.value.retry_after_s >= 1
        model.gate.set()
        assert rows(await waiting) == [1, 1, 1]
        assert rows(await scheduler.encode(["d"], "document", BULK, soon())) == [1]


async def test_one_bad_text_fails_that_text_only() -> None:
    async with scheduling(LengthModel()) as scheduler:
        outcomes = await scheduler.encode(["aa", "sink it", "refuse it", "b"], "document", BULK, soon())
    assert rows(outcomes) == [2, 1]
    assert isinstance(error(outcomes[1]), InferenceFailed)
    assert isinstance(error(outcomes[2]), TextRefused)


async def test_a_request_of_nothing_but_refused_texts_is_answered() -> None:
    async with scheduling(LengthModel()) as scheduler:
        outcomes = await scheduler.encode(["refuse"], "document", BULK, soon())
    assert isinstance(error(outcomes[0]), TextRefused)


async def test_at_the_deadline_the_answer_is_what_there_is() -> None:
    model = LengthModel()
    async with scheduling(model, choose_first) as scheduler:
        model.gate.clear()
        outcomes = await scheduler.encode(["a", "bb"], "query", QUERY, soon(0.05))
        assert [type(error(outcome)) for outcome in outcomes] == [DeadlineExceeded, DeadlineExceeded]
        assert scheduler.waiting_texts == 0
        model.gate.set()
    assert model.batches in ([["a"]], [])


async def test_work_whose_deadline_is_past_is_refused_at_once() -> None:
    model = LengthModel()
    async with scheduling(model) as scheduler:
        with pytest.raises(DeadlineExceeded):
            await scheduler.encode(["a"], "query", QUERY, soon(-1))
    assert model.batches == []


async def test_work_that_cannot_be_done_in_time_is_refused_before_it_waits() -> None:
    model = LengthModel()
    async with scheduling(model) as scheduler:
        model.gate.clear()
        slow = asyncio.create_task(scheduler.encode(["x" * 100], "document", BULK, soon()))
        await running(model)
        await asyncio.sleep(0.05)
        model.gate.set()
        await slow
        with pytest.raises(DeadlineExceeded, match=r"the deadline is .* away, and the work needs about"):
            await scheduler.encode(["x" * 100] * 50, "document", BULK, soon(0.5))
        assert rows(await scheduler.encode(["x" * 100], "document", BULK, soon(1))) == [100]
    assert len(model.batches) == 2


async def test_the_pace_of_the_warm_up_refuses_what_the_very_first_request_cannot_have_in_time() -> None:
    model = LengthModel()
    async with scheduling(model, pace=0.01) as scheduler:
        with pytest.raises(DeadlineExceeded, match=r"needs about 1.80 s"):
            await scheduler.encode(["x" * 10] * 10, "document", BULK, soon(0.5))
        assert len(rows(await scheduler.encode(["x" * 10] * 10, "document", BULK, soon(1.5)))) == 10


async def test_who_would_wait_behind_others_needs_twice_their_time() -> None:
    model = LengthModel()
    async with scheduling(model, pace=0.1) as scheduler:
        model.gate.clear()
        first = asyncio.create_task(scheduler.encode(["xx"], "document", BULK, soon()))
        await running(model)
        with pytest.raises(DeadlineExceeded, match=r"needs about 2.00 s"):
            await scheduler.encode(["xx"], "document", BULK, soon(3))
        second = asyncio.create_task(scheduler.encode(["xx"], "document", BULK, soon(4)))
        await asyncio.sleep(0)
        model.gate.set()
        assert [rows(await each) for each in (first, second)] == [[2], [2]]


async def test_the_pace_counts_all_that_a_text_waits_for_not_the_model_alone() -> None:
    class SlowTokenizer(LengthModel):
        def tokenize(self, inputs: Sequence[str], task: str) -> list[FakeTokens | FakeRefusal]:
            time.sleep(0.1)
            return super().tokenize(inputs, task)

    async with scheduling(SlowTokenizer()) as scheduler:
        await scheduler.encode(["a"], "document", BULK, soon())
        with pytest.raises(DeadlineExceeded, match=r"needs about 1\.\d\d s"):
            await scheduler.encode(["a"] * 10, "document", BULK, soon(0.4))


async def test_closing_finishes_what_waits_and_takes_no_more() -> None:
    model = LengthModel()
    async with scheduling(model, choose_first) as scheduler:
        model.gate.clear()
        waiting = asyncio.create_task(scheduler.encode(["a", "bb", "ccc"], "document", BULK, soon()))
        await running(model)
        closing = asyncio.create_task(scheduler.close())
        await asyncio.sleep(0)
        with pytest.raises(NotReady):
            await scheduler.encode(["d"], "document", BULK, soon())
        model.gate.set()
        await closing
        assert rows(await waiting) == [1, 2, 3]


async def test_no_texts_no_work() -> None:
    model = LengthModel()
    async with scheduling(model) as scheduler:
        assert await scheduler.encode([], "document", BULK, soon()) == []
    assert model.batches == []
