"""`outrider plan`, `apply` and `destroy`: an index as a file declares it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..opening import open_encoder
from .bars import counted
from .options import AsJson, SidecarUrl, Url

if TYPE_CHECKING:
    from outrider.connectors import Cluster, Declared, Plan

File = Annotated[Path, typer.Argument(help="The spec file: .yaml, .yml or .toml.")]
ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key", envvar="OUTRIDER_API_KEY", help="The key that the cluster sends to the sidecar (way native)."
    ),
]
_COLORS = {"add": "green", "change": "yellow", "remove": "red", "conflict": "red"}


def plan(
    file: File,
    url: Url,
    sidecar: SidecarUrl = None,
    api_key: ApiKey = None,
    requests: Annotated[
        bool, typer.Option("--requests", help="Also print every request that `apply` would send.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 0 where nothing would change, with 2 where it would.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what `outrider apply` would change on the cluster; change nothing."""
    _, planned = _planned(file, url, sidecar, api_key)
    if as_json:
        typer.echo(json.dumps(_as_dict(planned)))
    else:
        _print(planned)
        for request in planned.requests if requests else ():
            typer.echo("\n" + request.as_console())
    if planned.conflicts:
        raise typer.Exit(1)
    if detailed_exitcode and not planned.is_empty:
        raise typer.Exit(2)


def apply(
    file: File,
    url: Url,
    sidecar: SidecarUrl = None,
    api_key: ApiKey = None,
    apply_settings: Annotated[
        bool, typer.Option("--apply-settings", help="Also change the cluster settings that stand in the way.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the index what the file declares. Run again, it changes nothing; no document is touched."""
    from outrider.connectors import apply as run

    cluster, planned = _planned(file, url, sidecar, api_key)
    if not as_json:
        _print(planned)
    run(cluster, planned, sidecar_url=sidecar, api_key=api_key, apply_settings=apply_settings)
    if as_json:
        typer.echo(json.dumps(_as_dict(planned)))
    elif not planned.is_empty:
        typer.echo(f"'{planned.spec.index}' is as {file} says; fill it with `outrider index` or `outrider backfill`")


def destroy(
    file: File,
    url: Url,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take away what is ours: pipelines, vectors, markers and the spec. The index and its documents stay."""
    from outrider.connectors import connect, leftovers, read_spec_file
    from outrider.connectors import destroy as run

    index = read_spec_file(file).template.index
    cluster = connect(url)
    found = leftovers(cluster, index)
    if found.spec is None:
        typer.echo(
            json.dumps({"index": index, "documents": 0, "enriched": 0}) if as_json else f"'{index}' has nothing of ours"
        )
        return
    told = f"the spec of '{index}' and the vectors of {found.enriched} of its {found.documents} documents"
    if not yes:
        typer.confirm(f"Remove {told}? The documents stay.", abort=True, err=True)
    with counted("removing vectors", quiet=as_json) as on_progress:
        run(cluster, index, on_progress)
    if as_json:
        typer.echo(json.dumps({"index": index, "documents": found.documents, "enriched": found.enriched}))
    else:
        typer.echo(f"removed {told}; the index stays, and its mapping still names {', '.join(found.spec.own_fields)}")


def _planned(file: Path, url: str, sidecar: str | None, api_key: str | None) -> "tuple[Cluster, Plan]":
    from outrider.connectors import connect, make_plan, read_spec_file

    declared = read_spec_file(file)
    cluster = connect(url)
    encoder = open_encoder(sidecar, api_key, **_names(declared))
    return cluster, make_plan(cluster, declared, encoder.models, sidecar_url=sidecar, api_key=api_key)


def _names(declared: "Declared") -> dict[str, Any]:
    named: dict[str, Any] = {kind: model.name for kind, model in declared.models.items()}
    return {**named, **dict.fromkeys(declared.without)}


def _print(planned: "Plan") -> None:
    for note in planned.notes:
        typer.secho(f"# {note}", fg=typer.colors.YELLOW)
    index = planned.spec.index
    if planned.is_empty:
        typer.echo(f"'{index}' is as it should be: nothing would change")
        return
    state = "changes" if planned.stored else "gets vectors" if planned.exists else "is made"
    typer.secho(f"index '{index}' {state}", bold=True)
    for change in planned.changes:
        typer.secho(f"  {change}", fg=_COLORS[change.kind])
    if not planned.changes:
        for request in planned.requests:
            typer.secho(f"  ~ {request.method} {request.path}", fg="yellow")
    counts = {kind: sum(change.kind == kind for change in planned.changes) for kind in _COLORS}
    typer.echo(
        ", ".join(
            f"{count} to {kind}" if kind != "conflict" else f"{count} in conflict" for kind, count in counts.items()
        )
    )


def _as_dict(planned: "Plan") -> dict[str, Any]:
    return {
        "index": planned.spec.index,
        "exists": planned.exists,
        "changes": [asdict(change) for change in planned.changes],
        "notes": list(planned.notes),
        "requests": [{"method": each.method, "path": each.path, "body": each.body} for each in planned.requests],
    }
