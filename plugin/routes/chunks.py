"""Texts that are read whole, and a vector for each of the ranges that they are cut into: late chunking."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from outrider.encoders import ChunkedText, NotAModel

from ..errors import BadRequest
from .endpoint import Call, Operation
from .native import Timeout, encoding_reply, errors

Span = Annotated[list[int], Field(min_length=2, max_length=2)]


class TextInChunks(BaseModel):
    """A text, and ranges of it in characters."""

    text: str
    spans: list[Span] = Field(min_length=1)


class ChunksRequest(BaseModel):
    """Texts to encode in chunks."""

    texts: list[TextInChunks]
    model: str | None = Field(default=None, description="A dense model; the first one served unless given.")
    timeout: Timeout | None = None


async def encode_chunks(call: Call[ChunksRequest]) -> Any:
    """Per text one vector a range, of the tokens in it, which have read the whole text."""
    request, sidecar = call.request, call.sidecar
    served, _ = sidecar.registry.find(request.model, ("dense",))
    try:
        served.model.check_late_chunks()
    except NotAModel as err:
        raise BadRequest(str(err)) from err
    texts = [_checked(place, each) for place, each in enumerate(request.texts)]
    return encoding_reply(await sidecar.encode_chunks(served.name, texts, call.within(request.timeout)))


def _checked(place: int, given: TextInChunks) -> ChunkedText:
    for start, stop in given.spans:
        if not 0 <= start < stop <= len(given.text):
            raise BadRequest(
                f"texts[{place}] has {len(given.text)} characters, and the range {start} to {stop} is none of it"
            )
    return ChunkedText(given.text, tuple((start, stop) for start, stop in given.spans))


OPERATIONS = (
    Operation(
        "/encode_chunks",
        encode_chunks,
        ChunksRequest,
        errors,
        "Texts and ranges of them -> a vector a range, of tokens that have read the whole text",
        None,
        ("native",),
    ),
)
