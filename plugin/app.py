"""The FastAPI app: models loaded beside it, routes in front of it, errors in one shape."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route

from .errors import ServiceError
from .metrics import Metrics
from .openapi import document
from .registry import Opener, Registry, open_served
from .routes import OPERATIONAL, OPERATIONS, PAGE, Endpoint
from .settings import Settings
from .sidecar import Sidecar

Stop = Callable[[BaseException], None]

log = logging.getLogger(__name__)


def create_app(settings: Settings, on_failure: Stop | None = None, opener: Opener = open_served) -> FastAPI:
    """The sidecar as an ASGI app; it answers `/health` at once and loads its models beside it.

    `on_failure` hears of a model that would not load; without it the app stays unready and logs why.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        metrics = Metrics()
        registry = Registry(settings, metrics, opener)
        app.state.sidecar = Sidecar(settings, registry, metrics)
        loading = asyncio.create_task(registry.load_all())
        loading.add_done_callback(lambda task: _report(task, on_failure))
        yield
        loading.cancel()
        await asyncio.wait([loading])
        await registry.close()

    app = FastAPI(
        title="Outrider",
        version=version("outrider"),
        lifespan=lifespan,
        redoc_url=None,
        # Prometheus has the metrics, and error reports would carry what callers sent.
        telemetry={"auto_configure": settings.telemetry, "metrics": False, "logs": False},
    )
    app.openapi = lambda: document(app.title, app.version, OPERATIONS, OPERATIONAL)  # type: ignore[method-assign]
    app.router.routes.extend((*OPERATIONAL, *PAGE))
    for operation in OPERATIONS:
        endpoint = Endpoint(operation, lambda: app.state.sidecar)
        app.router.routes.append(Route(operation.path, endpoint, methods=["POST"]))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ServiceError, _service_error)
    return app


async def _http_error(request: Request, err: Exception) -> JSONResponse:
    status = err.status_code if isinstance(err, HTTPException) else 500
    headers = err.headers if isinstance(err, HTTPException) else None
    message = {
        404: f"there is no route {request.url.path}; /docs lists them",
        405: f"{request.method} is not for {request.url.path}; /docs lists the routes",
    }.get(status, str(err))
    error: dict[str, Any] = {"error": {"type": "HTTPError", "message": message}}
    return JSONResponse(error, status, headers)


async def _service_error(_: Request, err: Exception) -> JSONResponse:
    status = err.status if isinstance(err, ServiceError) else 500
    return JSONResponse({"error": {"type": type(err).__name__, "message": str(err)}}, status)


def _report(loading: "asyncio.Task[None]", on_failure: Stop | None) -> None:
    if loading.cancelled():
        return
    err = loading.exception()
    if err is None:
        return
    log.error("a model did not load: %s", err)
    if on_failure is not None:
        on_failure(err)
