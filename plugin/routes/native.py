"""Outrider's own routes: several models in one request, an outcome for each text."""

import asyncio
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ..errors import BadRequest, BodyTooLarge, DeadlineExceeded, ServiceError
from ..keys import Scope
from ..served import Task
from ..settings import Limits
from ..sidecar import Encoding, text_too_long
from ..work import Failed, Outcome
from .body import shown
from .endpoint import Call, Operation
from .ranking import is_complete, ranking
from .reply import weights_by_token

Timeout = Annotated[float, Field(ge=0.001, le=86_400, description="Seconds that the answer may take.")]


class EncodeRequest(BaseModel):
    """Texts to encode."""

    texts: list[Any] = Field(description="One entry a text; an entry that is no text fails alone.")
    model: str | None = Field(default=None, description="A served name or alias; the first dense model unless given.")
    models: list[str] | None = Field(default=None, min_length=1, max_length=16, description="Several models at once.")
    timeout: Timeout | None = None


class RankRequest(BaseModel):
    """Documents to order for a query."""

    query: str
    documents: list[str]
    model: str | None = None
    top_k: Annotated[int, Field(ge=1)] | None = Field(default=None, description="How many to return; all unless given.")
    timeout: Timeout | None = None


def errors(err: ServiceError) -> Any:
    """Our own error shape, and the engines': they show the body as it is."""
    return {"error": {"type": type(err).__name__, "message": str(err)}}


async def encode(call: Call[EncodeRequest]) -> Any:
    """Encode with one model, or with several at once (`models`)."""
    request = call.request
    deadline_s = call.within(request.timeout)
    refused, texts = _sorted_out(request.texts, call.sidecar.settings.limits)
    names: list[str] | list[None] | list[str | None] = request.models or [request.model]
    encodings = await asyncio.gather(
        *(call.sidecar.encode(name, ("dense", "sparse"), texts, call.task, deadline_s) for name in names)
    )
    replies = [_reply(encoding, refused, len(request.texts)) for encoding in encodings]
    return {"results": replies} if request.models else replies[0]


async def rank(call: Call[RankRequest]) -> Any:
    """Order documents for a query; `complete` is false when the deadline left some unscored, which come last."""
    request = call.request
    encoding = await call.sidecar.rank(request.model, request.query, request.documents, call.within(request.timeout))
    ranked = ranking(encoding)
    return {
        "model": encoding.served.name,
        "fingerprint": encoding.served.fingerprint,
        "complete": is_complete(ranked),
        "results": [{"index": each.index, "score": each.score} for each in ranked[: request.top_k]],
    }


def _sorted_out(values: list[Any], limits: Limits) -> tuple[dict[int, ServiceError], list[str]]:
    """The entries that no model can take, by place, and the texts that are left."""
    refused: dict[int, ServiceError] = {}
    texts: list[str] = []
    for place, value in enumerate(values):
        error = _problem(value, f"texts[{place}]", limits)
        if error is None:
            texts.append(value)
        else:
            refused[place] = error
    return refused, texts


def _problem(value: Any, where: str, limits: Limits) -> ServiceError | None:
    if not isinstance(value, str):
        return BadRequest(f"{where} must be a string, got {shown(value)}")
    if len(value) > limits.text_chars:
        return BodyTooLarge(text_too_long(where, value, limits))
    return None


def _reply(encoding: Encoding, refused: dict[int, ServiceError], count: int) -> dict[str, Any]:
    outcomes = _merged(encoding.outcomes, refused, count)
    failed = {place: outcome.error for place, outcome in enumerate(outcomes) if isinstance(outcome, Failed)}
    late = next((error for error in failed.values() if isinstance(error, DeadlineExceeded)), None)
    if late is not None and len(failed) == count:
        raise late
    return {
        "model": encoding.served.name,
        "fingerprint": encoding.served.fingerprint,
        "kind": encoding.served.kind,
        "embeddings": [None if isinstance(outcome, Failed) else _plain(outcome.row) for outcome in outcomes],
        "tokens": encoding.tokens,
        "truncated": [
            place for place, outcome in enumerate(outcomes) if not isinstance(outcome, Failed) and outcome.truncated
        ],
        "errors": [
            {"index": place, "status": error.status, "type": type(error).__name__, "message": str(error)}
            for place, error in failed.items()
        ],
    }


def _merged(outcomes: list[Outcome], refused: dict[int, ServiceError], count: int) -> list[Outcome]:
    if not refused:
        return outcomes
    given = iter(outcomes)
    return [Failed(refused[place]) if place in refused else next(given) for place in range(count)]


def _plain(row: Any) -> Any:
    return weights_by_token(row) if hasattr(row, "to_dict") else row


def _encode_route(task: Task) -> Operation:
    return Operation(
        path=f"/encode_{task}",
        handler=encode,
        request=EncodeRequest,
        errors=errors,
        summary=f"Texts -> dense vectors or term weights, encoded as a {task}",
        task=task,
        tags=("native",),
    )


OPERATIONS = (
    _encode_route("document"),
    _encode_route("query"),
    Operation(
        path="/rank",
        handler=rank,
        request=RankRequest,
        errors=errors,
        summary="Documents -> order and scores for a query",
        tags=("native",),
        scope=Scope.RANK,
    ),
)
