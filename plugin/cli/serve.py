"""`outrider serve`: the sidecar, until Ctrl-C or SIGTERM."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="A model to serve: folder, ready name, package: reference or hub id. Repeatable."),
    ] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on; 0.0.0.0 for all.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on; 0 picks a free one.")] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Serve the models over HTTP; without --model, one dense, one sparse and one reranker that are ready to use."""
    import logging

    from ..server import serve as run
    from ..settings import read_settings

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    flags = {"models": tuple(models) if models else None, "host": host, "port": port, "log_level": log_level}
    settings = read_settings(config, flags)
    run(settings, on_started=lambda url: typer.echo(f"listening on {url}"))
