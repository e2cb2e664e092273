"""Slow work beside the event loop, which the end of the process does not wait for."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def aside(function: Callable[[], Result]) -> Result:
    """What `function` returns or raises, from a daemon thread: a download must not hold up Ctrl-C."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = function()
        except BaseException as err:  # noqa: BLE001 - it is raised again where it is awaited
            error = err
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="outrider-aside", daemon=True).start()
    return await done
