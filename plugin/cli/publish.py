"""`outrider publish`: a model of your own into a running sidecar, and on into the indices."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .migrate import migrate
from .options import AsJson

if TYPE_CHECKING:
    from ..training.publish import Published


def publish(
    model: Annotated[Path, typer.Argument(help="A trained folder, such as OUTPUT/model.")],
    served: Annotated[Path, typer.Option("--to", help="The folder that the sidecar's settings name as its source.")],
    name: Annotated[str, typer.Option("--name", help="The model's name or alias in the sidecar's settings.")],
    sidecar: Annotated[str, typer.Option(help="The running sidecar.")] = "http://127.0.0.1:8080",
    key: Annotated[
        str | None, typer.Option(envvar="OUTRIDER_API_KEY", help="A key with the scope admin, where it has keys.")
    ] = None,
    cluster: Annotated[str | None, typer.Option(help="The cluster with the alias of --migrate.")] = None,
    alias: Annotated[
        str | None, typer.Option("--migrate", help="Then fill a new index by the model, and move this alias to it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve a trained model: copy it to where a running sidecar reads it, and swap it in without losing a request.

    A dense or sparse model goes under a name of its own, beside the one that the indices were made with; `--migrate`
    then does what `outrider migrate` does.
    """
    from ..client import SidecarClient
    from ..errors import SettingsInvalid
    from ..training.publish import publish as run

    if (cluster is None) != (alias is None):
        raise SettingsInvalid("--cluster and --migrate belong together: an alias, and where it is")
    with SidecarClient(sidecar, api_key=key) as client:
        done = run(model, served, name, client)
    _print_published(done, as_json)
    if cluster and alias and done.kind != "rerank":
        migrate(cluster, alias, to_models=f"{done.kind}={done.name}", sidecar=sidecar, as_json=as_json)


def _print_published(done: "Published", as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "name": done.name,
                    "kind": done.kind,
                    "fingerprint": done.fingerprint,
                    "previous": str(done.previous) if done.previous else None,
                    "next_step": done.next_step,
                }
            )
        )
        return
    typer.echo(f"{done.name} is served as {done.fingerprint}")
    if done.previous:
        typer.echo(f"what was served before is in {done.previous}")
    typer.echo(done.next_step)
