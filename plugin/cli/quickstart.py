"""`outrider quickstart`: see the whole of it run on this machine."""

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import AsJson, text_fields

if TYPE_CHECKING:
    from outrider.connectors import IndexingReport

    from ..launcher import Step
    from ..quickstart.flow import Quickstart


def quickstart(
    engine: Annotated[str | None, typer.Option(help="Your own cluster, instead of one that is started here.")] = None,
    docs: Annotated[Path | None, typer.Option(help="Your own documents, one JSON object a line.")] = None,
    text: Annotated[str, typer.Option("--text", help="Their text fields, separated by commas.")] = "title,body",
    query: Annotated[str | None, typer.Option(help="Ask this once and exit.")] = None,
    flavor: Annotated[
        str, typer.Option(help="plain: OpenSearch alone, 0.2 GB. ml: with k-NN, neural-search and ML Commons, 0.6 GB.")
    ] = "plain",
    port: Annotated[int, typer.Option(help="The port of the engine that is started here; 0 picks a free one.")] = 0,
    sidecar_port: Annotated[int, typer.Option(help="The port of the sidecar; 0 picks a free one.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Start an OpenSearch and the sidecar, index real documents, and answer questions side by side."""
    from ..errors import SettingsInvalid
    from ..quickstart.flow import INDEX, QUESTIONS, Options, running

    if flavor not in ("plain", "ml"):
        raise SettingsInvalid(f"flavor {flavor!r} is not known; use plain or ml")
    if docs is not None and not docs.is_file():
        raise SettingsInvalid(f"there is no file {str(docs)!r}; give --docs a file with one JSON object a line")
    index = f"{INDEX}-{docs.name.split('.')[0].lower()}" if docs else INDEX
    options = Options(engine, docs, text_fields(text), index, flavor, port, sidecar_port)
    started_s = time.monotonic()
    with ExitStack() as stack:
        show = stack.enter_context(_Show(quiet=as_json))
        quick = stack.enter_context(running(options, show.tell, show.step, show.progress))
        show.close()
        questions = (query,) if query else QUESTIONS
        _answer(quick, questions, as_json)
        if query is None:
            _stay(quick, time.monotonic() - started_s, as_json)


def _answer(quick: "Quickstart", questions: tuple[str, ...], as_json: bool) -> None:
    from ..quickstart.flow import as_dict

    quick.ask(questions[0])  # the first question of a fresh engine pays for its caches
    for question in questions:
        answers = quick.ask(question)
        if as_json:
            typer.echo(json.dumps(as_dict(question, answers), ensure_ascii=False))
        else:
            _print_columns(question, answers, quick)


def _print_columns(question: str, answers: Any, quick: "Quickstart") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = {"bm25": "BM25", "reranked": "fused + reranked"}
    table = Table(title=Text(question, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, expand=True)
    for mode, answer in answers.items():
        ms = sum(answer.timings_ms.values())
        table.add_column(f"{shown.get(mode, mode)}\n{ms:.0f} ms", ratio=1, overflow="fold")
    first = quick.spec.text_fields[0]
    for place in range(max(len(answer.results) for answer in answers.values())):
        cells = []
        for answer in answers.values():
            found = answer.results[place] if place < len(answer.results) else None
            cells.append(Text(str(found.source.get(first) or found.id)[:60] if found else ""))
        table.add_row(*cells)
    Console().print(table)


def _stay(quick: "Quickstart", seconds: float, as_json: bool) -> None:
    body = json.dumps({"texts": ["how do I wrap a long line of text"]})
    ask = f'outrider search {quick.engine_url} {quick.spec.index} "your question" --sidecar {quick.sidecar_url}'
    typer.echo(f"ready after {seconds:.0f} s. engine {quick.engine_url}, sidecar {quick.sidecar_url}", err=as_json)
    typer.echo(f"ask:     {ask}", err=as_json)
    typer.echo(f"encode:  curl {quick.sidecar_url}/encode_query -d '{body}'", err=as_json)
    typer.echo("Ctrl-C ends it all.", err=as_json)
    while True:
        time.sleep(3600)


class _Show:
    """What happens, on a terminal as bars, elsewhere as lines; all of it on standard error."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal)
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "_Show":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the bars away."""
        self._bars.stop()

    def tell(self, line: str) -> None:
        """A line that stays."""
        self._console.print(line, markup=False, soft_wrap=True)

    def step(self, step: "Step") -> None:
        """A step of the launcher."""
        names = {"download": "fetching the engine", "unpack": "fetching the engine", "start": "starting the engine"}
        if step.phase in names:
            self._update(names[step.phase], step.done, step.total or None)
        elif step.phase != "ready":
            self.tell(step.what)

    def progress(self, report: "IndexingReport", total: int | None) -> None:
        """Documents that are done."""
        self._update("indexing documents", report.written + report.skipped + report.failed, total)

    def _update(self, name: str, done: int, total: int | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=done, total=total)
