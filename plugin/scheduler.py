"""One model's queue: says no early, keeps deadlines, lets queries pass documents.

The event loop owns the counts and the answers; each lane's thread owns the texts that it has tokenised. They meet in
two places only: work is put into a lane's inbox, and results come back through `call_soon_threadsafe`. Queries and
documents have a lane each, so a query never waits behind a batch of documents, and the operating system shares the
cores between the two: neither starves.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from .backlog import CHARS_PER_TOKEN, Backlog, Load
from .errors import DeadlineExceeded, NotReady, QueueFull
from .lane import Choose, Lane
from .metrics import ModelMetrics
from .settings import QueueSettings
from .work import Failed, Finished, Model, Outcome, Priority, Work


class Scheduler:
    """The only way to one model: `encode` waits for the rows, or refuses at once."""

    def __init__(
        self,
        model: Model,
        choose: Choose,
        max_tokens: int,
        limits: QueueSettings,
        metrics: ModelMetrics,
        seconds_per_cost: float = 0.0,
    ) -> None:
        self._limits = limits
        self._metrics = metrics
        self._max_chars = max_tokens * CHARS_PER_TOKEN
        self._loop = asyncio.get_running_loop()
        self._backlogs = {priority: Backlog(seconds_per_cost=seconds_per_cost) for priority in Priority}
        self._lanes = {priority: Lane(f"outrider-{priority}", model, choose, self._report) for priority in Priority}
        self._is_open = True
        self._is_empty = asyncio.Event()
        self._is_empty.set()
        for lane in self._lanes.values():
            lane.start()

    @property
    def waiting_texts(self) -> int:
        """How many texts wait or run."""
        return sum(backlog.texts for backlog in self._backlogs.values())

    async def encode(
        self,
        inputs: Sequence[Any],
        task: str,
        priority: Priority,
        deadline_s: float,
        *,
        takes_part: bool = False,
    ) -> list[Outcome]:
        """One outcome for each input, in order; texts that miss `deadline_s` (of `time.monotonic`) fail with it.

        Raises QueueFull or DeadlineExceeded at once when the work would not fit, and NotReady while closing. Who
        `takes_part` of the rows gladly is only refused when there would be none. When the caller is cancelled, what
        has not run yet never will.
        """
        if not inputs:
            return []
        load = Load.of(inputs, self._max_chars)
        self._admit(load, priority, deadline_s, takes_part)
        work = Work(inputs, task, priority, time.perf_counter(), load.costs, self._loop.create_future())
        self._enter(work, load.chars)
        timer = self._loop.call_later(max(0.0, deadline_s - time.monotonic()), self._expire, work)
        self._lanes[priority].put(work)
        try:
            return await work.answer
        finally:
            timer.cancel()
            work.is_abandoned = True
            self._leave(work, load.chars)

    async def close(self) -> None:
        """Take no more work, finish what waits, end the threads."""
        self._is_open = False
        await self._is_empty.wait()
        for lane in self._lanes.values():
            await asyncio.to_thread(lane.stop)

    def _admit(self, load: Load, priority: Priority, deadline_s: float, takes_part: bool) -> None:
        if not self._is_open:
            raise NotReady("the model is being unloaded or the sidecar is stopping; ask again", retry_after_s=1.0)
        backlog = self._backlogs[priority]
        waiting_chars = sum(each.chars for each in self._backlogs.values())
        texts = len(load.costs)
        is_full = self.waiting_texts + texts > self._limits.texts or waiting_chars + load.chars > self._limits.chars
        if is_full and self.waiting_texts:
            self._metrics.refused(priority, "full")
            raise QueueFull(
                f"{self.waiting_texts} texts ({waiting_chars} characters) wait already and {texts} more do not fit "
                f"(queue.texts={self._limits.texts}, queue.chars={self._limits.chars}); send them again later",
                retry_after_s=max(1.0, backlog.wait_s / 2),
            )
        left_s = deadline_s - time.monotonic()
        own_cost = 0 if takes_part else load.cost
        if left_s <= 0 or backlog.safe_s(own_cost) > left_s:
            self._metrics.refused(priority, "deadline")
            needed_s = backlog.wait_s + own_cost * backlog.seconds_per_cost
            raise DeadlineExceeded(
                f"the deadline is {max(left_s, 0):.2f} s away, and the work needs about {needed_s:.2f} s with what "
                "waits before it; give it more time, send less at once, or send it later",
                retry_after_s=max(1.0, backlog.wait_s),
            )

    def _enter(self, work: Work, chars: int) -> None:
        backlog = self._backlogs[work.priority]
        backlog.texts += len(work.inputs)
        backlog.chars += chars
        backlog.cost += sum(work.costs)
        self._is_empty.clear()
        self._metrics.depth(work.priority, backlog.texts)

    def _leave(self, work: Work, chars: int) -> None:
        """Give back what the request held, less what `_deliver` gave back text by text."""
        backlog = self._backlogs[work.priority]
        backlog.chars -= chars
        for outcome, cost in zip(work.outcomes, work.costs, strict=True):
            if outcome is None:
                backlog.texts -= 1
                backlog.cost -= cost
        if self.waiting_texts == 0:
            self._is_empty.set()
        self._metrics.depth(work.priority, backlog.texts)

    def _report(self, finished: Finished) -> None:
        self._loop.call_soon_threadsafe(self._deliver, finished)

    def _deliver(self, finished: Finished) -> None:
        priority = finished.pieces[0][0].priority
        backlog = self._backlogs[priority]
        if finished.busy_s:
            backlog.learn(sum(work.costs[index] for work, index, _ in finished.pieces), finished.busy_s)
        self._metrics.batch(priority, finished)
        for work, index, outcome in finished.pieces:
            if work.is_abandoned:
                continue
            work.outcomes[index] = outcome
            work.missing -= 1
            backlog.texts -= 1
            backlog.cost -= work.costs[index]
            if work.missing == 0 and not work.answer.done():
                work.answer.set_result(_complete(work.outcomes))

    def _expire(self, work: Work) -> None:
        """The deadline has come: answer with what there is."""
        if work.answer.done():
            return
        work.is_abandoned = True
        self._metrics.refused(work.priority, "late")
        work.answer.set_result(_complete(work.outcomes))


def _complete(outcomes: Sequence[Outcome | None]) -> list[Outcome]:
    late = Failed(DeadlineExceeded("the deadline passed before this text was encoded; give it more time"))
    return [outcome or late for outcome in outcomes]
