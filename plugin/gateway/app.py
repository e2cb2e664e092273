"""The gateway as an ASGI app."""

from .http import Receive, Scope, Send, incoming
from .settings import GatewaySettings
from .upstream import Upstream


class Gateway:
    """One ASGI app, one cluster behind it; it connects when the first request comes."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._upstream = Upstream(settings.cluster)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._upstream.pass_through(incoming(scope), receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await self._upstream.close()
        await send({"type": "lifespan.shutdown.complete"})
