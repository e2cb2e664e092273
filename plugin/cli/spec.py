"""`outrider spec`: what spec files are made of."""

import json

import typer

from .options import Index, Url

spec = typer.Typer(help="Spec files: their schema, and the one that describes an index as it is.", no_args_is_help=True)


@spec.command()
def schema() -> None:
    """Print the JSON Schema of spec files, for editors."""
    from outrider.connectors import spec_schema

    typer.echo(json.dumps(spec_schema(), indent=2))


@spec.command()
def show(url: Url, name: Index) -> None:
    """Print the spec of an index as a YAML file that `outrider plan` finds nothing to change by."""
    from outrider.connectors import connect, require_spec, spec_as_yaml

    typer.echo(spec_as_yaml(require_spec(connect(url), name)), nl=False)
