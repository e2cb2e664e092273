"""`outrider train`: a model of your own, from one spec."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .bars import counted
from .options import AsJson

if TYPE_CHECKING:
    from ..training import Report


def train(
    spec: Annotated[Path | None, typer.Argument(help="What to do: a YAML or JSON file.", show_default=False)] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the spec and count the data; train nothing.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a spec.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a dense, sparse or reranking model on judged queries, on clicks, or on documents alone.

    The output folder has the model, a report of the search before and after, and, while it runs, what an interrupted
    run goes on from: give the same command again.
    """
    from ..errors import SettingsInvalid
    from ..training import TrainSpec, as_dict, plan, read_spec, write_report
    from ..training import train as run

    if schema:
        typer.echo(json.dumps(TrainSpec.model_json_schema(), indent=2))
        return
    if spec is None:
        raise SettingsInvalid("name the spec of the run: outrider train SPEC.yaml (its form: outrider train --schema)")
    given = read_spec(spec)
    if dry_run:
        _print_plan(plan(given, lambda what: counted(what, quiet=as_json)), as_json)
        return
    report = run(given, lambda what: counted(what, quiet=as_json))
    written = write_report(report, given.output)
    if as_json:
        typer.echo(json.dumps(as_dict(report)))
        return
    _print(report)
    typer.echo(f"the model is in {report.model}; the report is in {', '.join(map(str, written))}")


def _print_plan(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        typer.echo(f"{name}: {value}")


def _print(report: "Report") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for comparison in report.comparisons:
        measures = list(next(iter(comparison.after.values.values())))
        table = Table("", *measures, title=comparison.title, title_justify="left")
        for mode in comparison.modes:
            cells = [
                f"{comparison.before.mean(mode, measure):.4f} -> {comparison.after.mean(mode, measure):.4f}"
                for measure in measures
            ]
            table.add_row(mode, *cells)
        console.print(table)
    for name, value in report.latency_ms.items():
        console.print(f"{name}: {value:.1f} ms per query", style="dim")
