"""`outrider backfill`: vectors for the documents that an index already has."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..opening import open_encoder
from .options import (
    AsJson,
    DryRunOption,
    Index,
    SidecarKey,
    SidecarUrl,
    TextFields,
    Url,
    text_fields,
)
from .outcome import print_report
from .progress import documents_bar

if TYPE_CHECKING:
    from outrider.connectors import Cluster, IndexSpec, Models, Origin


def backfill(
    url: Url,
    name: Index,
    text: TextFields = None,
    into: Annotated[
        str | None, typer.Option(help="Leave this index as it is, and fill another one of this name.")
    ] = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="With --into: delete there what this index does not have, or no longer.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Slices of the index that are read side by side.")] = 4,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Documents that are read and written at once.")] = 64,
    rate: Annotated[float | None, typer.Option(min=0.1, help="The most documents a second.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="Where it is kept how far the run has come.")] = None,
    dead_letters: Annotated[Path | None, typer.Option(help="Where failed documents go with their reasons.")] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            help="Work on the Ray cluster at this address (auto: this machine's own; local: one started here)."
        ),
    ] = None,
    sidecar: SidecarUrl = None,
    key: SidecarKey = None,
    dry_run: DryRunOption = False,
    as_json: AsJson = False,
) -> None:
    """Encode the documents that an index already has, in place or into another index.

    Nothing else about them changes, and what an application writes meanwhile stays as it wrote it. After a kill or an
    outage the same command goes on where it was cut off.
    """
    from outrider.connectors import BadSpec, connect, read_spec
    from outrider.connectors import backfill as run

    if delete and into is None:
        raise BadSpec("--delete goes with --into: in place there is nothing that could be too much")
    if ray and rate:
        raise BadSpec("--rate does not go with --ray: nobody there counts together; use fewer --workers")
    cluster = connect(url)
    stored = read_spec(cluster, into or name)
    encoder = open_encoder(sidecar, key, stored)
    spec, origin = _spec_and_origin(cluster, stored, name, into, text_fields(text), encoder.models)
    if dry_run:
        _print_outlook(cluster, spec, origin, as_json, delete=delete)
        return
    letters = dead_letters or Path(f"{name}.failed.jsonl")
    with documents_bar("encoding", quiet=as_json) as show:
        report = run(
            cluster,
            spec,
            encoder,
            checkpoint=checkpoint or Path(f"{into or name}.backfill.json"),
            dead_letters=letters,
            on_progress=show,
            origin=origin,
            delete=delete,
            workers=workers,
            batch_size=batch,
            rate=rate,
            **(_on_ray(ray, workers, url, sidecar, key, stored) if ray else {}),
        )
    print_report(report, letters, as_json)
    if report.surplus and not as_json:
        typer.secho(f"--delete deletes what '{name}' does not have from '{into}'", err=True)
    if report.failed:
        raise typer.Exit(2)


def _on_ray(
    address: str, workers: int, url: str, sidecar: str | None, key: str | None, stored: "IndexSpec | None"
) -> dict[str, Any]:
    from ..ray_slices import SLICES_A_WORKER, OnRay, Tools

    tools = Tools(url, sidecar, key, stored)
    return {"slices": workers * SLICES_A_WORKER, "spread": OnRay(address, workers, tools)}


def _spec_and_origin(
    cluster: "Cluster",
    stored: "IndexSpec | None",
    name: str,
    into: str | None,
    text: tuple[str, ...],
    models: "Models",
) -> "tuple[IndexSpec, Origin | None]":
    from outrider.connectors import BadSpec, Origin, read_spec, spec_from, spec_in_place_from

    if into is None:
        return spec_in_place_from(cluster, stored, name, text, models), None
    if into == name:
        raise BadSpec(f"--into names '{name}' itself; leave it out to encode in place")
    here = read_spec(cluster, name)
    spec = spec_from(cluster, stored, into, text or (here.text_fields if here else ()), models)
    return spec, Origin(name, here.own_fields if here else ())


def _print_outlook(
    cluster: "Cluster", spec: "IndexSpec", origin: "Origin | None", as_json: bool, *, delete: bool
) -> None:
    from outrider.connectors import DryRun, ensure_index, make_target, outlook

    dry = DryRun(cluster)
    if origin:
        make_target(dry, origin, spec)
    else:
        ensure_index(dry, spec)
    found = outlook(cluster, spec, origin.index if origin else None)
    fate = "deleted" if delete else "surplus"
    if as_json:
        requests = [{"method": each.method, "path": each.path, "body": each.body} for each in dry.requests]
        counts = {"documents": found.documents, "encoded": found.encoded, fate: found.surplus}
        typer.echo(json.dumps({**counts, "requests": requests}))
        return
    for request in dry.requests:
        typer.echo(request.as_console() + "\n")
    typer.echo(f"# {found.documents} documents, {found.encoded} encoded by these models; nothing was changed")
    if origin and found.surplus:
        todo = "would be deleted" if delete else "would stay; --delete deletes them"
        typer.echo(f"# {found.surplus} in '{spec.index}' that '{origin.index}' does not have {todo}")
