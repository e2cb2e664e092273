"""One process that serves: the app on a socket, its keys and models re-read on SIGHUP, a graceful end."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from outrider.encoders import EncoderError

from .app import create_app
from .errors import PluginError
from .listening import url_of
from .memory import share_heaps
from .settings import Settings

Started = Callable[[str], None]
Reread = Callable[[], Settings]

# Clusters, clients and load balancers keep connections for a minute, and a request that is under way while the server
# closes an idle one is lost.
_KEEP_ALIVE_S = 75

log = logging.getLogger(__name__)


def serve_on(listening: socket.socket, settings: Settings, on_started: Started | None, reread: Reread | None) -> None:
    """Serve on this socket, in this process."""
    share_heaps()
    server = _Server(settings, listening, on_started, reread)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    if server.failure is not None:
        raise server.failure


class _Server(uvicorn.Server):
    def __init__(
        self, settings: Settings, listening: socket.socket, on_started: Started | None, reread: Reread | None
    ) -> None:
        self.failure: BaseException | None = None
        self._url = url_of(listening, "https" if settings.tls.certificate else "http")
        self._on_started = on_started
        self._reread = reread
        self._app = create_app(settings, on_failure=self._fail)
        self._reloading: asyncio.Task[None] | None = None
        config = uvicorn.Config(
            self._app,
            log_config=None,
            log_level=settings.log_level,
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=max(1, round(settings.drain_s)),
            limit_concurrency=settings.connections,
            server_header=False,
            ssl_certfile=settings.tls.certificate,
            ssl_keyfile=settings.tls.key,
        )
        super().__init__(config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say where it listens, as soon as it does."""
        await super().startup(sockets)
        if self._reread is not None and hasattr(signal, "SIGHUP"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
        if self._on_started is not None and not self.should_exit:
            self._on_started(self._url)

    def _reload(self) -> None:
        self._reloading = asyncio.create_task(self._apply())

    async def _apply(self) -> None:
        if self._reread is None:
            return
        try:
            await self._app.state.sidecar.apply(self._reread())
        except (PluginError, EncoderError) as err:
            log.error("the settings were not taken over, the old ones stay: %s", err)
        else:
            log.info("keys and models are those of the settings as they are now")

    def _fail(self, err: BaseException) -> None:
        self.failure = err
        self.should_exit = True
