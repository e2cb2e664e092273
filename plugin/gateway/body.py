"""Bodies that have to be read before it is known what becomes of them: on disk beyond a few megabytes."""

import gzip
import zlib
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO

from ..errors import BadRequest, BodyTooLarge
from .http import ClientGone, Incoming, Receive

_IN_MEMORY_BYTES = 4_000_000
_READ_BYTES = 65_536


async def spool(receive: Receive, limit_bytes: int) -> SpooledTemporaryFile[bytes]:
    """The body as it came. Raises BodyTooLarge or ClientGone."""
    kept = SpooledTemporaryFile[bytes](_IN_MEMORY_BYTES)
    more = True
    try:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            kept.write(message.get("body", b""))
            more = message.get("more_body", False)
            if kept.tell() > limit_bytes:
                raise BodyTooLarge(f"the body has more than {limit_bytes} bytes; send less at once")
    except BaseException:
        kept.close()
        raise
    kept.seek(0)
    return kept


def is_readable(request: Incoming) -> bool:
    """Whether the body is JSON or lines of it, compressed by nothing but gzip."""
    kind = request.header(b"content-type").lower()
    encoding = request.header(b"content-encoding").lower()
    return (not kind or b"json" in kind or b"text/plain" in kind) and encoding in (b"", b"identity", b"gzip")


def unzipped(request: Incoming, kept: SpooledTemporaryFile[bytes]) -> IO[bytes]:
    """The body as text, read from its start."""
    kept.seek(0)
    if request.header(b"content-encoding").lower() == b"gzip":
        return gzip.open(kept, "rb")  # type: ignore[return-value]
    return kept


def whole(request: Incoming, kept: SpooledTemporaryFile[bytes], limit_bytes: int) -> bytes:
    """All of the body as text. Raises BodyTooLarge, or BadRequest where it is not what its header says."""
    try:
        content = unzipped(request, kept).read(limit_bytes + 1)
    except (OSError, EOFError, zlib.error) as err:
        raise BadRequest(f"the body is not gzip as its header says: {err}") from err
    if len(content) > limit_bytes:
        raise BodyTooLarge(f"the body has more than {limit_bytes} bytes unpacked; send less at once")
    return content


async def pieces(kept: SpooledTemporaryFile[bytes]) -> AsyncIterator[bytes]:
    """The body as it came, again."""
    kept.seek(0)
    while part := kept.read(_READ_BYTES):
        yield part


async def once(content: bytes) -> AsyncIterator[bytes]:
    """A body that is at hand."""
    yield content
