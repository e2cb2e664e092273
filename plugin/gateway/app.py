"""The gateway as an ASGI app: each request straight through, unless an index with a spec is written or searched."""

from collections.abc import Awaitable, Callable

from .asgi import Receive, Scope, Send, incoming
from .settings import GatewaySettings
from .stream import pass_through
from .upstream import Upstream

App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gateway:
    """One ASGI app, one cluster behind it."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._upstream = Upstream(settings.cluster, settings.connect_timeout_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await pass_through(self._upstream, incoming(scope), receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._upstream.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
            await send({"type": "lifespan.startup.complete"})


def create_gateway(settings: GatewaySettings) -> App:
    """The gateway's app; it connects when the first request comes."""
    return Gateway(settings)
