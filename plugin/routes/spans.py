"""Where the tokens of texts stand, so that long texts can be cut by the model's own tokens before they are encoded."""

import asyncio
from typing import Any

from pydantic import BaseModel, Field

from ..errors import TextRefused
from ..served import ServableModel
from .endpoint import Call, Operation
from .native import errors


class SpansRequest(BaseModel):
    """Texts to measure."""

    texts: list[str]
    models: list[str] = Field(min_length=1, max_length=16, description="The first one's tokens; all of them have room.")


async def token_spans(call: Call[SpansRequest]) -> Any:
    """Per text start and stop of each token, one after the other; and how many tokens of a document are read."""
    request, sidecar = call.request, call.sidecar
    served = [sidecar.registry.find(name, ("dense", "sparse"))[0] for name in request.models]
    sidecar.check(request.texts)
    model = served[0].model
    spans = await asyncio.to_thread(lambda: [_flat(model, *each) for each in enumerate(request.texts)])
    return {
        "model": served[0].name,
        "fingerprint": served[0].fingerprint,
        "room": min(each.model.room for each in served),
        "spans": spans,
    }


def _flat(model: ServableModel, place: int, text: str) -> list[int]:
    try:
        return [end for span in model.token_spans(text) for end in span]
    except UnicodeEncodeError as err:
        raise TextRefused(f"text {place} is not valid Unicode: {err.reason} at character {err.start}") from err


OPERATIONS = (
    Operation(
        "/token_spans",
        token_spans,
        SpansRequest,
        errors,
        "Texts -> where each of their tokens stands",
        None,
        ("native",),
    ),
)
