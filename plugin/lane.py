"""The thread behind a queue: tokenises what arrives, forms batches across requests, runs the model."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence

from .errors import InferenceFailed, TextRefused
from .work import Encoded, Failed, Finished, Model, Outcome, Piece, Refused, Work

# How many tokenised texts a batch is chosen from: enough to find texts of like length, few enough that who came later
# and happens to fit does not make who came first late.
WINDOW_TEXTS = 64

Report = Callable[[Finished], None]
Choose = Callable[[Sequence[int]], Sequence[int]]

log = logging.getLogger(__name__)


class Lane:
    """One thread that runs one model; owns the tokenised texts that wait for it.

    Work comes in through `put` and leaves through `report`, which is called on the lane's thread.
    """

    def __init__(self, name: str, model: Model, choose: Choose, report: Report) -> None:
        self._model = model
        self._choose = choose
        self._report = report
        self._inbox: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._pool: list[Piece] = []
        self._busy_since_s = 0.0
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def start(self) -> None:
        """Begin to take work."""
        self._thread.start()

    def put(self, work: Work) -> None:
        """Hand in a request's texts; returns at once."""
        self._inbox.put(work)

    def stop(self) -> None:
        """Finish what was handed in, then end the thread; waits for it."""
        self._inbox.put(None)
        self._thread.join()

    def _serve(self) -> None:
        is_open = True
        while is_open or self._pool:
            if is_open:
                is_open = self._fill()
            self._run(self._take())

    def _fill(self) -> bool:
        """Tokenise what waits until the window is full; sleeps only when there is nothing at all to do."""
        while len(self._pool) < WINDOW_TEXTS:
            try:
                work = self._inbox.get_nowait() if self._pool else self._wait()
            except queue.Empty:
                return True
            if work is None:
                return False
            self._tokenize(work)
        return True

    def _wait(self) -> Work | None:
        work = self._inbox.get()
        self._busy_since_s = time.perf_counter()
        return work

    def _tokenize(self, work: Work) -> None:
        if work.is_abandoned:
            return
        started_s = time.perf_counter()
        refused: list[tuple[Work, int, Outcome]] = []
        for index, text in enumerate(self._model.tokenize(work.inputs, work.task)):
            if isinstance(text, Refused):
                refused.append((work, index, Failed(TextRefused(text.reason))))
            else:
                self._pool.append(Piece(work, index, text))
        if refused:
            self._report(Finished(refused, time.perf_counter() - started_s, started_s, 0.0, 0))

    def _take(self) -> list[Piece]:
        """The batch of the text that has waited longest, with others of like length from any request."""
        self._pool = [piece for piece in self._pool if not piece.work.is_abandoned]
        if len(self._pool) <= 1:
            taken, self._pool = self._pool, []
            return taken
        window = self._pool[:WINDOW_TEXTS]
        chosen = set(self._choose([piece.text.length for piece in window]))
        self._pool = [piece for place, piece in enumerate(self._pool) if place not in chosen]
        return [window[place] for place in sorted(chosen)]

    def _run(self, batch: Sequence[Piece]) -> None:
        if not batch:
            return
        started_s = time.perf_counter()
        try:
            rows = self._model.run([piece.text for piece in batch])
        except Exception as err:  # noqa: BLE001 - each executor has its own errors, and the thread must outlive them all
            self._run_failed(batch, err, started_s)
            return
        outcomes = [
            Encoded(row, piece.text.length, piece.text.truncated) for piece, row in zip(batch, rows, strict=True)
        ]
        self._finish(batch, outcomes, started_s)

    def _run_failed(self, batch: Sequence[Piece], err: Exception, started_s: float) -> None:
        """One text may have sunk the batch: run each alone, so that only the bad one fails."""
        if len(batch) > 1:
            for piece in batch:
                self._run([piece])
            return
        log.error("a text of %d tokens failed in the executor", batch[0].text.length, exc_info=err)
        error = InferenceFailed(f"the executor failed on this text alone: {type(err).__name__}: {err}")
        error.__cause__ = err
        self._finish(batch, [Failed(error)], started_s)

    def _finish(self, batch: Sequence[Piece], outcomes: Sequence[Outcome], started_s: float) -> None:
        seconds = time.perf_counter() - started_s
        longest = max(piece.text.length for piece in batch)
        pieces = [(piece.work, piece.index, outcome) for piece, outcome in zip(batch, outcomes, strict=True)]
        self._report(Finished(pieces, seconds, started_s, self._busy_s(), longest * len(batch)))

    def _busy_s(self) -> float:
        """Since this was asked last, or since the lane had nothing to do."""
        since_s, self._busy_since_s = self._busy_since_s, time.perf_counter()
        return self._busy_since_s - since_s
