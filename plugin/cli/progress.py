"""The bar of a run over documents: on a terminal only, with the time that is left, and away when done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.connectors import IndexingReport

Show = Callable[["IndexingReport", "int | None"], None]


@contextmanager
def documents_bar(what: str, quiet: bool = False) -> Iterator[Show]:
    """A bar; show it the counts so far, and the number of documents in all where that is known."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bars:
        task = bars.add_task(what, total=None)
        yield lambda report, total: bars.update(
            task,
            completed=report.written + report.skipped + report.failed,
            total=total,
            description=f"{what} ({report.failed} failed)",
        )
