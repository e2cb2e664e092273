"""The gateway as a process: one port until SIGTERM or Ctrl-C."""

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from ..server import listen, url_of
from .app import create_gateway
from .settings import GatewaySettings


def run_gateway(settings: GatewaySettings, on_started: Callable[[str], None] | None = None) -> None:
    """Serve until told to stop; `on_started` hears the URL once the port answers. Raises PortTaken."""
    listening = listen(settings.host, settings.port)
    config = uvicorn.Config(
        create_gateway(settings),
        log_config=None,
        access_log=False,
        ws="none",
        # The cluster's own headers are the answer's headers.
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=30,
    )
    with suppress(KeyboardInterrupt):
        _Server(config, url_of(listening), on_started).run(sockets=[listening])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, url: str, on_started: Callable[[str], None] | None) -> None:
        super().__init__(config)
        self._url = url
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say where it listens, as soon as it does."""
        await super().startup(sockets)
        if self._on_started is not None and not self.should_exit:
            self._on_started(self._url)
