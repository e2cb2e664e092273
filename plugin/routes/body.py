"""A request's body: read within its limit, parsed, checked once."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope

from ..errors import BadRequest, BodyTooLarge
from ..settings import Limits

Checked = TypeVar("Checked", bound=BaseModel)


class ClientGone(Exception):
    """The client hung up: there is nobody to answer."""


async def read_body(scope: Scope, receive: Receive, limit_bytes: int) -> bytes:
    """The whole body. Raises BodyTooLarge before reading it where its length is stated, ClientGone on a hang-up."""
    stated = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if stated.isdigit() and int(stated) > limit_bytes:
        raise BodyTooLarge(_too_large(int(stated), limit_bytes))
    parts, size, has_more = [], 0, True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > limit_bytes:
            raise BodyTooLarge(_too_large(size, limit_bytes))
        parts.append(part)
        has_more = message.get("more_body", False)
    return b"".join(parts)


def parse(body: bytes, limits: Limits) -> Any:
    """The body's JSON. Raises BadRequest with the place of what is wrong.

    A lone surrogate (`"\\ud83d"`) is let through, so that the text that has it can be named or failed alone.
    """
    if not body:
        raise BadRequest("the body is empty; send a JSON object")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as err:
        value = _parse_leniently(body, err)
    if body.count(b"[") + body.count(b"{") > limits.json_depth and _depth_exceeds(value, limits.json_depth):
        raise BadRequest(f"the body is nested deeper than {limits.json_depth} levels (limits.json_depth)")
    return value


def check(value: Any, request: type[Checked]) -> Checked:
    """The parsed body as the route's request. Raises BadRequest naming the first field that is wrong."""
    if not isinstance(value, Mapping):
        raise BadRequest(f"the body must be a JSON object, got {shown(value)}")
    try:
        return request.model_validate(value, strict=True)
    except ValidationError as err:
        problems = err.errors(include_url=False, include_context=False)
        raise BadRequest("; ".join(_sentence(problem) for problem in problems[:3])) from err


def _parse_leniently(body: bytes, err: orjson.JSONDecodeError) -> Any:
    """Python's own parser takes lone surrogates, and nothing else that orjson refuses."""
    if b"\\u" not in body.lower():
        raise BadRequest(f"the body is not JSON: {err}") from err
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadRequest(f"the body is not JSON: {err}") from err


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _sentence(problem: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in problem["loc"]) or "the body"
    if problem["type"] == "missing":
        return f"{where} is missing"
    return f"{where}: {problem['msg']}, got {shown(problem['input'])}"


def shown(value: Any) -> str:
    """The value as an error shows it, cut short."""
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _too_large(size: int, limit: int) -> str:
    return f"the body has {size} bytes or more, the limit is {limit} (limits.body_bytes); send fewer texts at a time"
