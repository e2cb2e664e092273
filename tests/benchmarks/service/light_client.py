"""An HTTP client that costs next to nothing, so that a benchmark on few cores measures the server.

httpx takes about 1.5 ms of a core for a request: beside 32 clients that is more than the server itself has.
"""

import asyncio
from contextlib import suppress
from typing import NamedTuple


class Reply(NamedTuple):
    """A reply, with the time in seconds from the first byte of the request to the last of the reply."""

    status: int
    body: bytes
    took_s: float


class Connection(asyncio.Protocol):
    """One connection that is kept; a request at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None
        self.is_open = True

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """A connection to a server on this machine."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    async def post(self, path: str, body: bytes, *headers: str) -> Reply:
        """Send a JSON body, wait for the whole reply."""
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        started_s = loop.time()
        fields = "".join(f"{header}\r\n" for header in headers)
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        assert self._transport is not None
        self._transport.write(f"{head}{fields}\r\n".encode() + body)
        status, content = await self._waiting
        return Reply(status, content, loop.time() - started_s)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's hook."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """asyncio's hook."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        self._buffer.clear()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result((int(head.split(b" ", 2)[1]), body))

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio's hook."""
        self.is_open = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error or ConnectionResetError("the server hung up"))


async def until_ready(port: int, path: str = "/ready") -> None:
    """Returns once a GET of `path` is answered with 200."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            status = await reader.readline()
            writer.close()
            if b" 200 " in status:
                return
        await asyncio.sleep(0.1)
