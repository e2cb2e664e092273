"""`outrider backfill`: vectors for the documents that an index already has."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import AsJson, DryRunOption, Index, SidecarUrl, TextFields, Url, open_encoder, text_fields
from .outcome import print_report
from .progress import documents_bar

if TYPE_CHECKING:
    from outrider.connectors import Cluster, IndexSpec


def backfill(
    url: Url,
    name: Index,
    text: TextFields = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Slices of the index that are read side by side.")] = 4,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Documents that are read and written at once.")] = 64,
    rate: Annotated[float | None, typer.Option(min=0.1, help="The most documents a second.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="Where it is kept how far the run has come.")] = None,
    dead_letters: Annotated[Path | None, typer.Option(help="Where failed documents go with their reasons.")] = None,
    sidecar: SidecarUrl = None,
    dry_run: DryRunOption = False,
    as_json: AsJson = False,
) -> None:
    """Encode the documents that an index already has, in place.

    Nothing else about them changes, and what an application writes meanwhile stays as it wrote it. After a kill or an
    outage the same command goes on where it was cut off.
    """
    from outrider.connectors import backfill as run
    from outrider.connectors import connect, spec_in_place

    cluster = connect(url)
    encoder = open_encoder(sidecar)
    spec = spec_in_place(cluster, name, text_fields(text), encoder.models)
    if dry_run:
        _print_outlook(cluster, spec, as_json)
        return
    letters = dead_letters or Path(f"{name}.failed.jsonl")
    with documents_bar("encoding", quiet=as_json) as show:
        report = run(
            cluster,
            spec,
            encoder,
            checkpoint=checkpoint or Path(f"{name}.backfill.json"),
            dead_letters=letters,
            on_progress=show,
            workers=workers,
            batch_size=batch,
            rate=rate,
        )
    print_report(report, letters, as_json)
    if report.failed:
        raise typer.Exit(2)


def _print_outlook(cluster: "Cluster", spec: "IndexSpec", as_json: bool) -> None:
    from outrider.connectors import DryRun, ensure_index, outlook

    dry = DryRun(cluster)
    ensure_index(dry, spec)
    found = outlook(cluster, spec)
    if as_json:
        requests = [{"method": each.method, "path": each.path, "body": each.body} for each in dry.requests]
        typer.echo(json.dumps({"documents": found.documents, "encoded": found.encoded, "requests": requests}))
        return
    for request in dry.requests:
        typer.echo(request.as_console() + "\n")
    typer.echo(f"# {found.documents} documents, {found.encoded} of them encoded by these models; nothing was changed")
