"""Routes for whoever runs the sidecar: alive, ready, measured, described."""

import platform
import time
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..keys import Scope
from ..metrics import CONTENT_TYPE
from ..sidecar import Sidecar
from .reply import to_json


def _json(value: Any, status: int = 200) -> Response:
    return Response(to_json(value), status, media_type="application/json")


def _sidecar(request: Request) -> Sidecar:
    sidecar: Sidecar = request.app.state.sidecar
    return sidecar


def _readable(request: Request) -> Sidecar:
    """The sidecar, for those who may read. Raises Unauthorized."""
    sidecar = _sidecar(request)
    sidecar.keys.check(request.scope["headers"], Scope.READ)
    return sidecar


async def health(_: Request) -> Response:
    """The process lives and its event loop turns."""
    return _json({"status": "ok"})


async def ready(request: Request) -> Response:
    """200 once every model is loaded and has run a real batch; 503 before, and while stopping."""
    registry = _sidecar(request).registry
    states = {each["name"]: each["state"] for each in registry.facts}
    return _json({"ready": registry.is_ready, "models": states}, 200 if registry.is_ready else 503)


async def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    return Response(_readable(request).metrics.exposition(), media_type=CONTENT_TYPE)


async def info(request: Request) -> Response:
    """What is served, by which fingerprint, under which limits. The flat fields are text-embeddings-inference's."""
    sidecar = _readable(request)
    first = next((each.facts() for each in sidecar.registry.served), {})
    return _json(
        {
            "name": "outrider",
            "version": version("outrider"),
            "python": platform.python_version(),
            "ready": sidecar.registry.is_ready,
            "models": sidecar.registry.facts,
            "indices": list(sidecar.settings.cluster.indices) if sidecar.settings.cluster.url else [],
            "limits": sidecar.settings.limits.model_dump(),
            "queue": sidecar.settings.queue.model_dump(),
            "model_id": first.get("name"),
            "model_sha": first.get("fingerprint"),
            "max_input_length": first.get("max_tokens"),
            "max_client_batch_size": sidecar.settings.limits.texts,
            "auto_truncate": True,
        }
    )


async def models(request: Request) -> Response:
    """OpenAI's list of models, with what a search team wants to know of each; those that still load are in it."""
    entries = [
        {"id": each["name"], "object": "model", "created": each["loaded_at"] or 0, "owned_by": "outrider", **each}
        for each in _readable(request).registry.facts
    ]
    return _json({"object": "list", "data": entries})


async def ping(_: Request) -> Response:
    """Infinity's and others' word for health."""
    return _json({"unix": time.time()})


ROUTES = tuple(
    Route(path, endpoint, methods=["GET"])
    for path, endpoint in (
        ("/health", health),
        ("/ping", ping),
        ("/ready", ready),
        ("/metrics", metrics),
        ("/info", info),
        ("/v1/models", models),
        ("/models", models),
    )
)
