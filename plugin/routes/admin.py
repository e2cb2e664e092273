"""Load, replace and unload models while the sidecar runs. Only what the settings name can be loaded."""

import asyncio
from typing import Any

from pydantic import BaseModel, ConfigDict

from outrider.encoders import EncoderError

from ..errors import LoadFailed, SeveralWorkers
from ..keys import Scope
from .endpoint import Call, Operation
from .native import errors


class ModelRequest(BaseModel):
    """A model of the settings, by name or alias; never a path or a URL, and nothing about how to load it."""

    model_config = ConfigDict(extra="forbid")

    model: str


async def load(call: Call[ModelRequest]) -> Any:
    """Load and warm it; one that is loaded already is replaced without a gap. Goes on if the caller hangs up."""
    _check_alone(call)
    try:
        served = await asyncio.shield(call.sidecar.registry.load(call.request.model))
    except EncoderError as err:
        raise LoadFailed(f"{call.request.model!r} was not loaded: {err}") from err
    return served.facts()


async def unload(call: Call[ModelRequest]) -> Any:
    """Take no more requests for it, answer those that wait, free its memory."""
    _check_alone(call)
    await asyncio.shield(call.sidecar.registry.unload(call.request.model))
    return {"unloaded": call.request.model}


def _check_alone(call: Call[ModelRequest]) -> None:
    workers = call.sidecar.settings.workers
    if workers > 1:
        raise SeveralWorkers(
            f"one of {workers} workers has this request, and the others would go on as they are; "
            "change the settings file and send SIGHUP to the process that outrider serve started as"
        )


OPERATIONS = tuple(
    Operation(f"/models/{verb}", handler, ModelRequest, errors, about, tags=("admin",), scope=Scope.ADMIN)
    for verb, handler, about in (("load", load, "Load or replace a model"), ("unload", unload, "Unload a model"))
)
