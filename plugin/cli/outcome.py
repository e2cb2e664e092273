"""What became of the documents of a run, as text or JSON."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

_COUNTS = ("seen", "written", "skipped", "failed", "blank", "truncated", "deleted", "surplus", "seconds")

if TYPE_CHECKING:
    from outrider.connectors import IndexingReport


def print_report(report: "IndexingReport", letters: Path, as_json: bool) -> None:
    """The counts, the first failures, and where all of them are."""
    if as_json:
        counts: dict[str, Any] = {key: getattr(report, key) for key in _COUNTS}
        failures = [{"line": each.position, "id": each.id, "reason": each.reason} for each in report.first_failures]
        typer.echo(
            json.dumps({**counts, "first_failures": failures, "dead_letters": str(letters) if report.failed else None})
        )
        return
    rate = report.written / report.seconds if report.seconds else 0
    typer.echo(f"{report} in {report.seconds:.1f} s ({rate:.0f} documents/s)")
    for outcome in report.first_failures:
        typer.secho(f"  {outcome.position}: {outcome.reason}", err=True, fg=typer.colors.YELLOW)
    if report.truncated:
        typer.secho("to have long texts read whole, keep chunks: see `chunks` in a spec file", err=True)
    if report.failed:
        typer.secho(f"the failed documents are in {letters}: mend them and index that file", err=True)
