"""`outrider serve`: the sidecar until Ctrl-C or SIGTERM; `outrider config`: the settings that it would run with."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import AsJson

Models = Annotated[
    list[str] | None,
    typer.Option("--model", help="A model to serve: folder, ready name, package: reference or hub id. Repeatable."),
]
Host = Annotated[str | None, typer.Option(help="The address to listen on; 0.0.0.0 for all.")]
Port = Annotated[int | None, typer.Option(help="The port to listen on; 0 picks a free one.")]
Workers = Annotated[int | None, typer.Option(help="Processes that share the port, each with its own models.")]
Config = Annotated[Path | None, typer.Option(help="A TOML file of settings.")]
AllowPickle = Annotated[
    bool, typer.Option("--allow-pickle", help="Take a --model's pytorch_model.bin where it has no safetensors.")
]
LogLevel = Annotated[str | None, typer.Option(help="debug, info, warning or error.")]


def serve(
    models: Models = None,
    allow_pickle: AllowPickle = False,
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    config: Config = None,
    log_level: LogLevel = None,
) -> None:
    """Serve the models over HTTP; without --model, one dense, one sparse and one reranker that are ready to use."""
    from ..server import serve as run
    from ..settings import read_settings

    read = partial(read_settings, config, _flags(models, allow_pickle, host, port, workers, log_level))
    run(read(), on_started=lambda url: typer.echo(f"listening on {url}"), reread=read)


def config(
    models: Models = None,
    allow_pickle: AllowPickle = False,
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    config: Config = None,
    log_level: LogLevel = None,
    as_json: AsJson = False,
) -> None:
    """Print every setting that `serve` would run with, and where its value comes from."""
    import json

    from ..origins import origins

    found = origins(config, _flags(models, allow_pickle, host, port, workers, log_level))
    if as_json:
        facts = {each.name: {"value": each.shown, "from": each.source} for each in found}
        typer.echo(json.dumps(facts, indent=2))
        return
    width = max(len(each.name) for each in found)
    for each in found:
        typer.echo(f"{each.name:{width}}  {json.dumps(each.shown)}  ", nl=False)
        typer.secho(each.source, dim=each.source == "default", bold=each.source != "default")


def _flags(
    models: list[str] | None,
    allow_pickle: bool,
    host: str | None,
    port: int | None,
    workers: int | None,
    log_level: str | None,
) -> Mapping[str, Any]:
    if allow_pickle and not models:
        raise typer.BadParameter("--allow-pickle is for the models of --model; a file has allow_pickle for each")
    return {
        "models": tuple({"source": model, "allow_pickle": allow_pickle} for model in models) if models else None,
        "host": host,
        "port": port,
        "workers": workers,
        "log_level": log_level,
    }
