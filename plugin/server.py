"""Run the app: one process, one port, a graceful end."""

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from .app import create_app
from .errors import PortTaken
from .logs import configure
from .settings import Settings

Started = Callable[[str], None]


def serve(settings: Settings, on_started: Started | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what waits; `on_started` hears the URL once the port answers.

    Raises PortTaken, or what the first model that does not load raises.
    """
    configure(settings)
    listening = listen(settings.host, settings.port)
    server = _Server(settings, listening, on_started)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    if server.failure is not None:
        raise server.failure


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises PortTaken with what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as err:
        listening.close()
        raise PortTaken(
            f"cannot listen on {host}:{port}: {err.strerror}; stop what listens there, or choose another with --port"
        ) from err
    return listening


def url_of(listening: socket.socket, scheme: str = "http") -> str:
    """The URL under which the socket answers on this machine."""
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{scheme}://{shown}:{port}"


class _Server(uvicorn.Server):
    def __init__(self, settings: Settings, listening: socket.socket, on_started: Started | None) -> None:
        self.failure: BaseException | None = None
        self._url = url_of(listening, "https" if settings.tls.certificate else "http")
        self._on_started = on_started
        config = uvicorn.Config(
            create_app(settings, on_failure=self._fail),
            log_config=None,
            log_level=settings.log_level,
            access_log=False,
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
        if self._on_started is not None and not self.should_exit:
            self._on_started(self._url)

    def _fail(self, err: BaseException) -> None:
        self.failure = err
        self.should_exit = True
