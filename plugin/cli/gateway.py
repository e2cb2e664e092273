"""`outrider gateway`: a proxy before the cluster, until Ctrl-C or SIGTERM."""

from typing import Annotated

import typer

from .options import Url


def gateway(
    url: Url,
    listen: Annotated[str, typer.Option(help="HOST:PORT to listen on; port 0 picks a free one.")] = "127.0.0.1:9201",
) -> None:
    """Stand before the cluster: every request and answer goes through as it is."""
    from ..gateway.server import serve_gateway
    from ..gateway.settings import GatewaySettings, listen_address

    host, port = listen_address(listen)
    serve_gateway(GatewaySettings(url, host=host, port=port), on_started=lambda at: typer.echo(f"listening on {at}"))
