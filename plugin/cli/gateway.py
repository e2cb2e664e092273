"""`outrider gateway`: a proxy before the cluster, until Ctrl-C or SIGTERM."""

from pathlib import Path
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
    searches: Annotated[
        str, typer.Option(help="What becomes of searches that do not say so themselves: hybrid or pass.")
    ] = "hybrid",
    write_patience: Annotated[
        float, typer.Option(min=0.1, help="Seconds that a write waits for a sidecar that is busy or away.")
    ] = 10.0,
    sidecar_key: Annotated[
        str | None, typer.Option(envvar="OUTRIDER_API_KEY", help="The sidecar's key, where it wants one.")
    ] = None,
    ca_file: Annotated[Path | None, typer.Option(help="A PEM file of certificates to trust the cluster by.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="A PEM file to serve HTTPS with.")] = None,
    certificate_key: Annotated[Path | None, typer.Option(help="The PEM file of its key.")] = None,
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="A port for Prometheus, at /metrics; none unless given.")
    ] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
    log_format: Annotated[str, typer.Option(help="text for people, json for machines.")] = "text",
) -> None:
    """Stand before the cluster: writes to indices that were set up for it get their vectors, all else goes through.

    An account in the URL is the gateway's own: it reads mappings and completes documents. What applications ask is
    asked with their own credentials.
    """
    from ..gateway.server import serve_gateway
    from ..gateway.settings import GatewaySettings, choice, listen_address

    host, port = listen_address(listen)
    settings = GatewaySettings(
        url,
        sidecar,
        host,
        port,
        searches=choice(searches),
        write_patience_s=write_patience,
        sidecar_key=sidecar_key,
        ca_file=ca_file,
        certificate=certificate,
        certificate_key=certificate_key,
        metrics_port=metrics_port,
        log_level=log_level,
        log_format=log_format,
    )
    serve_gateway(settings, on_started=lambda at: typer.echo(f"listening on {at}"))
