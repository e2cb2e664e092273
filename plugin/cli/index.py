"""`outrider index`: documents into a cluster, each with its vectors and none lost."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import AsJson, DryRunOption, Index, SidecarUrl, TextFields, Url, open_encoder, text_fields

if TYPE_CHECKING:
    from outrider.connectors import Cluster, IndexingReport, IndexSpec

Documents = Annotated[Path, typer.Argument(help="One JSON object a line; .gz is unpacked, - is standard input.")]


def index(
    url: Url,
    name: Index,
    documents: Documents,
    text: TextFields = None,
    id_field: Annotated[str | None, typer.Option("--id", help="The field that identifies a document.")] = None,
    sidecar: SidecarUrl = None,
    dead_letters: Annotated[Path | None, typer.Option(help="Where failed documents go with their reasons.")] = None,
    dry_run: DryRunOption = False,
    as_json: AsJson = False,
) -> None:
    """Encode documents and write them with their vectors. Run it again at any time: nothing is lost or doubled."""
    from outrider.connectors import OpenSearchCluster, index_documents, read_jsonl, spec_for

    cluster = OpenSearchCluster(url)
    encoder = open_encoder(sidecar)
    spec = spec_for(cluster, name, text_fields(text), encoder.models, id_field=id_field)
    if dry_run:
        _print_requests(cluster, spec)
        return
    letters = dead_letters or Path(f"{name}.failed.jsonl")
    with _Progress(documents, quiet=as_json) as show:
        report = index_documents(cluster, spec, encoder, read_jsonl(documents), dead_letters=letters, on_progress=show)
    _print_report(report, letters, as_json)
    if report.failed:
        raise typer.Exit(2)


def _print_requests(cluster: "Cluster", spec: "IndexSpec") -> None:
    from outrider.connectors import DryRun, ensure_index

    dry = DryRun(cluster)
    ensure_index(dry, spec)
    for request in dry.requests:
        typer.echo(request.as_console() + "\n")
    typer.echo(f"# then the documents, by POST /{spec.index}/_bulk")


def _print_report(report: "IndexingReport", letters: Path, as_json: bool) -> None:
    if as_json:
        counts: dict[str, Any] = {
            key: getattr(report, key) for key in ("seen", "written", "skipped", "failed", "blank", "seconds")
        }
        failures = [{"line": each.position, "id": each.id, "reason": each.reason} for each in report.first_failures]
        typer.echo(
            json.dumps({**counts, "first_failures": failures, "dead_letters": str(letters) if report.failed else None})
        )
        return
    rate = report.written / report.seconds if report.seconds else 0
    typer.echo(f"{report} in {report.seconds:.1f} s ({rate:.0f} documents/s)")
    for outcome in report.first_failures:
        typer.secho(f"  {outcome.position}: {outcome.reason}", err=True, fg=typer.colors.YELLOW)
    if report.failed:
        typer.secho(f"the failed documents are in {letters}: mend them and index that file", err=True)


class _Progress:
    """A bar on a terminal, by the lines of the file; nothing where nobody looks."""

    def __init__(self, documents: Path, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)
        self._total = None if self._bar.disable else _count_lines(documents)

    def __enter__(self) -> Any:
        self._bar.start()
        task = self._bar.add_task("indexing", total=self._total)
        return lambda report: self._bar.update(
            task,
            completed=report.written + report.skipped + report.failed,
            description=f"indexing ({report.failed} failed)",
        )

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _count_lines(documents: Path) -> int | None:
    if not documents.is_file():
        return None
    from outrider.connectors import read_jsonl

    return sum(1 for _ in read_jsonl(documents))
