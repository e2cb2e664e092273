"""The gateway on a port, until Ctrl-C or SIGTERM."""

from collections.abc import Callable
from contextlib import suppress

import uvicorn

from ..server import listen
from .app import Gateway


def serve(gateway: Gateway, host: str, port: int, on_started: Callable[[str], None]) -> None:
    """Serve until told to stop; requests under way are answered first. Raises PortTaken."""
    listening = listen(host, port)
    # `server` and `date` are the cluster's to say, not ours.
    config = uvicorn.Config(
        gateway, log_level="warning", access_log=False, server_header=False, date_header=False, timeout_keep_alive=75
    )
    name = f"[{host}]" if ":" in host else host
    on_started(f"http://{name}:{listening.getsockname()[1]}")
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
