"""The OpenAPI document, made from the table of operations."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import Route

from .errors import ServiceError
from .routes import Operation

_REF = "#/components/schemas/{model}"
# Where a GET does not simply answer 200 with JSON.
_STATUSES = {"/ready": (200, 503)}
_CONTENT = {"/metrics": "text/plain"}


def document(title: str, version: str, operations: Sequence[Operation], operational: Sequence[Route]) -> dict[str, Any]:
    """OpenAPI 3.1 for every route."""
    requests: list[type[BaseModel]] = list(dict.fromkeys(operation.request for operation in operations))
    refs, definitions = models_json_schema(
        [(request, "validation") for request in requests], ref_template=_REF, title=None
    )
    paths: dict[str, Any] = {route.path: {"get": _get(route)} for route in operational}
    for operation in operations:
        paths[operation.path] = {"post": _post(operation, refs[operation.request, "validation"])}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {"schemas": definitions.get("$defs", {})},
    }


def _post(operation: Operation, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": _identifier(operation.path),
        "summary": operation.summary,
        "description": (operation.handler.__doc__ or "").strip(),
        "tags": list(operation.tags),
        "parameters": [
            {
                "name": "Outrider-Timeout",
                "in": "header",
                "required": False,
                "description": "Seconds that the answer may take.",
                "schema": {"type": "number", "minimum": 0.001, "maximum": 86_400},
            }
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "200": {"description": "Done", "content": {"application/json": {"schema": operation.reply}}},
            **_error_responses(),
        },
    }


def _error_responses() -> dict[str, Any]:
    kinds = sorted(ServiceError.__subclasses__(), key=lambda kind: kind.status)
    responses: dict[str, Any] = {}
    for kind in kinds:
        about = (kind.__doc__ or "").strip()
        known = responses.get(str(kind.status))
        text = f"{known['description']} {about}" if known else about
        responses[str(kind.status)] = {"description": text, "content": {"application/json": {"schema": {}}}}
    return responses


def _get(route: Route) -> dict[str, Any]:
    about = (route.endpoint.__doc__ or "").strip()
    reply = {"description": about, "content": {_CONTENT.get(route.path, "application/json"): {"schema": {}}}}
    return {
        "operationId": _identifier(route.path),
        "summary": about,
        "tags": ["operations"],
        "responses": {str(status): reply for status in _STATUSES.get(route.path, (200,))},
    }


def _identifier(path: str) -> str:
    return path.strip("/").replace("/", "_").replace(".", "_") or "root"
