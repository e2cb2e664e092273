"""Cohere's embed, versions 1 and 2."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ..errors import BadRequest
from ..served import Task
from ..sidecar import Encoding
from .endpoint import Call, Operation
from .reply import EmbeddingType, Vector, matrix, quantized
from .rerank import errors
from .sides import side


class Content(BaseModel):
    """One part of an input; only text can be encoded."""

    type: Literal["text"]
    text: str


class Input(BaseModel):
    """One input of version 2, in parts."""

    content: list[Content]


class EmbedRequest(BaseModel):
    """Texts to embed."""

    texts: list[str] | None = None
    inputs: list[Input] | None = None
    model: str | None = None
    input_type: str | None = None
    embedding_types: list[EmbeddingType] | None = None
    output_dimension: Annotated[int, Field(ge=1)] | None = None
    truncate: Literal["NONE", "START", "END"] = "END"


async def embed_v2(call: Call[EmbedRequest]) -> Any:
    """Embeddings by type."""
    texts = _texts(call.request)
    encoding, rows = await _encode(call, texts)
    types = call.request.embedding_types or ["float"]
    return _reply("2", texts, encoding) | {"embeddings": {kind: quantized(rows, kind) for kind in types}}


async def embed_v1(call: Call[EmbedRequest]) -> Any:
    """Plain floats, or embeddings by type where types are given."""
    if call.request.embedding_types:
        return {"response_type": "embeddings_by_type"} | await embed_v2(call)
    texts = _texts(call.request)
    encoding, rows = await _encode(call, texts)
    return {"response_type": "embeddings_floats"} | _reply("1", texts, encoding) | {"embeddings": rows}


def _texts(request: EmbedRequest) -> list[str]:
    texts = request.texts or ["\n".join(part.text for part in each.content) for each in request.inputs or ()]
    if not texts:
        raise BadRequest("texts is missing or empty; send at least one")
    return texts


async def _encode(call: Call[EmbedRequest], texts: list[str]) -> tuple[Encoding, Vector]:
    request = call.request
    if request.truncate == "START":
        raise BadRequest("truncate START is not supported; texts are cut at their end")
    task: Task | None = side(request.input_type, "input_type", call.task)
    encoding = await call.sidecar.encode(request.model, ("dense",), texts, task, call.deadline_s)
    if request.truncate == "NONE":
        encoding.refuse_truncated()
    return encoding, matrix(encoding.rows, request.output_dimension)


def _reply(version: str, texts: list[str], encoding: Encoding) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "texts": texts,
        "meta": {"api_version": {"version": version}, "billed_units": {"input_tokens": encoding.tokens}},
    }


OPERATIONS = (
    Operation("/v1/embed", embed_v1, EmbedRequest, errors, "Cohere embed, version 1", tags=("cohere",)),
    Operation("/v2/embed", embed_v2, EmbedRequest, errors, "Cohere embed, version 2", tags=("cohere",)),
)
