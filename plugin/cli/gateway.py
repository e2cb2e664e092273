"""`outrider gateway`: a proxy before the cluster, until Ctrl-C or SIGTERM."""

from typing import Annotated

import typer

from .options import Url


def gateway(
    url: Url,
    sidecar: Annotated[
        str | None,
        typer.Option("--sidecar", help="A running sidecar to encode with; without it, requests only pass through."),
    ] = None,
    listen: Annotated[str, typer.Option(help="HOST:PORT to listen on; port 0 picks a free one.")] = "127.0.0.1:9201",
    when_encoder_down: Annotated[
        str,
        typer.Option(
            help="What becomes of writes that cannot be encoded: refuse, or pending (stored, completed later)."
        ),
    ] = "refuse",
    api_key: Annotated[
        str | None, typer.Option(envvar="OUTRIDER_API_KEY", help="The sidecar's key, where it wants one.")
    ] = None,
) -> None:
    """Serve the cluster with vectors in writes and hybrid answers to searches, for indices that were set up for it."""
    from ..gateway import GatewaySettings, run_gateway
    from ..gateway.settings import listen_address, when_down

    host, port = listen_address(listen)
    settings = GatewaySettings(
        url, sidecar, host, port, when_encoder_down=when_down(when_encoder_down), api_key=api_key
    )
    run_gateway(settings, on_started=lambda where: typer.echo(f"listening on {where}, before {url.rpartition('@')[2]}"))
