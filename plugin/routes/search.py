"""A question to the cluster, answered by each stage on its own: what the page at `/` shows side by side.

Only the indices that the settings name can be asked; no address from a request is ever followed.
"""

import asyncio
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, Field

from outrider.connectors import (
    MODES,
    Answer,
    BadQuery,
    ConnectorError,
    IndexSpec,
    Mode,
    connect,
    join_text,
    require_spec,
)

from ..asking import asker_for
from ..errors import BadRequest, ClusterFailed, NoCluster
from ..keys import Scope
from ..own_encoder import OwnEncoder
from ..settings import ClusterSettings
from .endpoint import Call, Operation
from .native import Timeout, errors
from .reply import short

_SHOWN_CHARS = 400
# A person waits for this: a cluster that does not answer is reported, not waited for.
_PATIENCE_S = 2.0


class SearchRequest(BaseModel):
    """A question, and the stages that answer it."""

    query: str
    index: str | None = Field(default=None, description="One of the settings' cluster.indices; the first unless given.")
    stages: list[Mode] = Field(default=list(MODES), description="Dense or sparse left out is out of fusion as well.")
    size: Annotated[int, Field(ge=1, le=100)] = 10
    timeout: Timeout | None = None


async def search(call: Call[SearchRequest]) -> Any:
    """Each stage's own ranking with scores and milliseconds, and the terms that the sparse model asks for."""
    settings, request = call.sidecar.settings.cluster, call.request
    index = _allowed(settings, request.index)
    encoder = OwnEncoder(call.sidecar, asyncio.get_running_loop(), call.within(request.timeout))
    try:
        return await asyncio.to_thread(_answers, settings, index, encoder, request)
    except (BadQuery, ValueError) as err:
        raise BadRequest(str(err)) from err
    except ConnectorError as err:
        raise ClusterFailed(f"index {index!r} could not be asked: {err}") from err


def _allowed(settings: ClusterSettings, index: str | None) -> str:
    if not settings.url or not settings.indices:
        raise NoCluster("no cluster is set up to be asked; give cluster.url and cluster.indices in the settings")
    if index is not None and index not in settings.indices:
        raise NoCluster(f"index {index!r} is not among cluster.indices; they have {', '.join(settings.indices)}")
    return index or settings.indices[0]


def _answers(settings: ClusterSettings, index: str, encoder: OwnEncoder, request: SearchRequest) -> Any:
    login = (settings.username, settings.password.get_secret_value()) if settings.username else None
    cluster = connect(settings.url or "", timeout_s=_PATIENCE_S * 5, patience_s=_PATIENCE_S, login=login)
    try:
        spec = _without(require_spec(cluster, index), request.stages)
        asker = asker_for(cluster, spec, encoder)
        stages = [mode for mode in MODES if mode in request.stages and mode in asker.modes]
        answers = {mode: asker.search(request.query, mode, request.size) for mode in stages}
    finally:
        cluster.close()
    sparse = encoder.encode_query(request.query).sparse if "sparse" in request.stages else None
    return {
        "index": index,
        "query": request.query,
        "stages": {mode: _column(answer, spec) for mode, answer in answers.items()},
        "expansion": {token: short(weight) for token, weight in (sparse or {}).items()},
    }


def _without(spec: IndexSpec, stages: list[Mode]) -> IndexSpec:
    """The spec without the vectors that are switched off. Where the cluster fuses, its pipelines stay as they are."""
    if spec.way == "native":
        return spec
    return replace(
        spec,
        dense=spec.dense if "dense" in stages else None,
        sparse=spec.sparse if "sparse" in stages else None,
    )


def _column(answer: Answer, spec: IndexSpec) -> dict[str, Any]:
    return {
        "timings_ms": dict(answer.timings_ms),
        "how": answer.dense_plan,
        "results": [
            {
                "id": result.id,
                "score": short(result.scores.get(answer.mode, result.score)),
                "ranks": dict(result.ranks),
                "title": str(result.source.get(spec.text_fields[0]) or result.id)[:_SHOWN_CHARS],
                "text": join_text(result.source, spec.text_fields[1:])[:_SHOWN_CHARS],
            }
            for result in answer.results
        ],
    }


OPERATIONS = (
    Operation(
        path="/page/search",
        handler=search,
        request=SearchRequest,
        errors=errors,
        summary="A question to the cluster -> each stage's ranking, scores and times",
        tags=("page",),
        scope=Scope.SEARCH,
    ),
)
