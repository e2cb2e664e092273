"""`outrider publish`: a model of your own into a running sidecar, and on into the indices."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .migrate import encoder_of, fill_and_move, print_done
from .options import AsJson, SidecarKey

if TYPE_CHECKING:
    from outrider.connectors import Cluster, Migration

    from ..training.publish import Published


def publish(
    model: Annotated[Path, typer.Argument(help="A trained folder, such as OUTPUT/model.")],
    served: Annotated[Path, typer.Option("--to", help="The folder that the sidecar's settings name as its source.")],
    name: Annotated[str, typer.Option("--name", help="The model's name or alias in the sidecar's settings.")],
    sidecar: Annotated[str, typer.Option(help="The running sidecar.")] = "http://127.0.0.1:8080",
    key: SidecarKey = None,
    cluster: Annotated[str | None, typer.Option(help="The cluster with the alias of --migrate.")] = None,
    alias: Annotated[
        str | None, typer.Option("--migrate", help="Then fill a new index by the model, and move this alias to it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve a trained model: copy it to where a running sidecar reads it, and swap it in without losing a request.

    A dense or sparse model goes under a name of its own, beside the one that the indices were made with; `--migrate`
    then does what `outrider migrate` does. A sidecar with keys wants one with the scopes admin and encode.
    """
    from outrider.connectors import connect

    from ..client import SidecarClient
    from ..errors import SettingsInvalid
    from ..training.publish import check_free
    from ..training.publish import publish as run

    if (cluster is None) != (alias is None):
        raise SettingsInvalid("--cluster and --migrate belong together: an alias, and where it is")
    target = connect(cluster) if cluster else None
    if target and alias:
        check_free(target, alias, name, model, served)
    with SidecarClient(sidecar, api_key=key) as client:
        done = run(model, served, name, client)
    if not as_json:
        _print_published(done, is_moving=alias is not None)
    moved = _move(target, alias, done, sidecar, key, quiet=as_json) if target and alias else None
    if as_json:
        typer.echo(json.dumps(_as_dict(done, moved)))
    elif moved:
        print_done(moved)


def _move(
    cluster: "Cluster", alias: str, done: "Published", sidecar: str, key: str | None, *, quiet: bool
) -> "Migration | None":
    """The alias to an index that is filled by what was published; a reranker has nothing in an index."""
    if done.kind == "rerank":
        return None
    from outrider.connectors import require_spec, spec_for_models

    old = require_spec(cluster, alias)
    encoder = encoder_of(old, sidecar, key, **{done.kind: done.name})
    return fill_and_move(cluster, alias, spec_for_models(cluster, old, encoder.models), encoder, quiet=quiet)


def _as_dict(done: "Published", moved: "Migration | None") -> dict[str, Any]:
    return {
        "name": done.name,
        "kind": done.kind,
        "fingerprint": done.fingerprint,
        "previous": str(done.previous) if done.previous else None,
        "next_step": None if moved else done.next_step,
        "migration": asdict(moved) if moved else None,
    }


def _print_published(done: "Published", *, is_moving: bool) -> None:
    typer.echo(f"{done.name} is served as {done.fingerprint}")
    if done.previous:
        typer.echo(f"what was served before is in {done.previous}")
    if done.kind == "rerank" or not is_moving:
        typer.echo(done.next_step)
