"""The command line. Commands import what they need when they run, so that `outrider --help` is instant."""

import sys
from typing import Annotated

import typer

from outrider import __version__

from .backfill import backfill
from .doctor import doctor
from .evaluate import evaluate
from .explain import explain
from .gateway import gateway
from .index import index
from .key import key
from .migrate import migrate
from .models import models
from .plan import apply, destroy, plan
from .publish import publish
from .quickstart import quickstart
from .register import register, unregister
from .search import search
from .serve import config, serve
from .spec import spec
from .train import train
from .tune import tune

app = typer.Typer(
    name="outrider",
    help="Semantic search beside the OpenSearch or Elasticsearch cluster you already have.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (
    quickstart,
    doctor,
    explain,
    index,
    backfill,
    search,
    serve,
    gateway,
    config,
    key,
    register,
    unregister,
    models,
):
    app.command()(command)
app.command("eval")(evaluate)
app.command()(tune)
app.command()(plan)
app.command()(apply)
app.command()(destroy)
app.command()(migrate)
app.add_typer(spec, name="spec")
app.command()(train)
app.command()(publish)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"outrider {__version__}")
        raise typer.Exit


@app.callback()
def _outrider(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run a command; our own errors are one sentence and exit status 1."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
    except Exception as err:
        if not isinstance(err, _our_errors()):
            raise
        typer.secho(f"outrider: {err}", err=True, fg=typer.colors.RED)
        sys.exit(1)


def _our_errors() -> tuple[type[Exception], ...]:
    # Evaluated only when something was raised: the rooms are not imported for --help.
    from outrider.connectors import ConnectorError
    from outrider.encoders import EncoderError

    from ..errors import PluginError
    from ..launcher import LaunchError

    return (PluginError, LaunchError, ConnectorError, EncoderError)
