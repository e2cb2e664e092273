"""Work that is prepared one step ahead of where it is done."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """function(item) for each item, in order; the next one is computed in a thread while the caller uses the last.

    Never more than one is waiting. What the function raises is raised where its result would have come.
    """
    items = list(items)
    if len(items) < 2:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="outrider-ahead") as thread:
        waiting: Future[Result] | None = None
        for item in items:
            following = thread.submit(function, item)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()


def slices(count: int, size: int) -> Iterator[slice]:
    """0 to `count` in parts of `size`."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
