"""Answers that the gateway gives itself, or reads whole before it passes them on."""

from dataclasses import dataclass

import orjson
from starlette.types import Send


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    async def send(self, send: Send, *more: tuple[bytes, bytes]) -> None:
        headers = [(key, value) for key, value in self.headers if key.lower() != b"content-length"]
        headers += [(b"content-length", str(len(self.body)).encode()), *more]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def engine_error(status: int, reason: str) -> Answer:
    """An error in the shape that the engines' clients read."""
    cause = {"type": "outrider_gateway_exception", "reason": reason}
    body = orjson.dumps({"error": {"root_cause": [cause], **cause}, "status": status})
    return Answer(status, [(b"content-type", b"application/json; charset=UTF-8")], body)
