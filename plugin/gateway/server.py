"""The gateway as a process: one port until Ctrl-C or SIGTERM."""

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from ..listening import listen, url_of
from ..logs import configure
from .app import Gateway
from .settings import GatewaySettings


def serve_gateway(settings: GatewaySettings, on_started: Callable[[str], None]) -> None:
    """Serve until told to stop; requests under way are answered first. Raises PortTaken."""
    configure(settings)
    listening = listen(settings.host, settings.port)
    config = uvicorn.Config(
        Gateway(settings),
        log_config=None,
        access_log=False,
        ws="none",
        # What these headers say is the cluster's to say, and whom the client claims to be is its to judge.
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=30,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.certificate_key,
    )
    scheme = "https" if settings.certificate else "http"
    with suppress(KeyboardInterrupt):
        _Server(config, url_of(listening, scheme), on_started).run(sockets=[listening])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, url: str, on_started: Callable[[str], None]) -> None:
        super().__init__(config)
        self._url = url
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say where it listens, as soon as it does."""
        await super().startup(sockets)
        if not self.should_exit:
            self._on_started(self._url)
