"""`outrider explain`: which form is used for what on a cluster, and why."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from .options import AsJson, Url


def explain(
    url: Url,
    name: Annotated[str | None, typer.Argument(help="An index; without it, the choices for a new one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say how vectors, term weights, fusion and reranking are done on this cluster, and what decided it."""
    from outrider.connectors import connect, read_capabilities, require_spec
    from outrider.connectors import explain as choices_of

    cluster = connect(url, patience_s=5)
    choices = choices_of(read_capabilities(cluster), require_spec(cluster, name) if name else None)
    if as_json:
        typer.echo(json.dumps([asdict(choice) for choice in choices]))
        return
    for choice in choices:
        typer.secho(f"{choice.what:>10}  ", fg="green", nl=False)
        typer.echo(choice.chosen)
        typer.echo(f"{'':12}{choice.why}")
