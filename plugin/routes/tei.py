"""Hugging Face text-embeddings-inference: its routes, replies and errors."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, Field

from ..errors import BadRequest, BodyTooLarge, NotReady, QueueFull, ServiceError, TextRefused
from ..registry import Task
from ..sidecar import Encoding
from .endpoint import Call, Operation
from .reply import matrix, weights_by_id
from .sides import side

_TYPES: dict[type[ServiceError], str] = {
    QueueFull: "Overloaded",
    NotReady: "Unhealthy",
    TextRefused: "Tokenizer",
    BodyTooLarge: "Validation",
}


class Inputs(BaseModel):
    """One text or several."""

    inputs: str | list[str]
    model: str | None = Field(default=None, description="Beyond the protocol: a served name or alias.")
    prompt_name: str | None = Field(default=None, description="query or document.")
    truncate: bool = True
    truncation_direction: Literal["Left", "left", "Right", "right"] | None = None


class EmbedRequest(Inputs):
    """Texts for dense vectors."""

    normalize: bool = True
    dimensions: Annotated[int, Field(ge=1)] | None = None


class SimilarityInputs(BaseModel):
    """One text, and those it is compared with."""

    source_sentence: str
    sentences: list[str]


class SimilarityRequest(BaseModel):
    """Texts to compare by the cosine of their vectors."""

    inputs: SimilarityInputs
    model: str | None = None


def errors(err: ServiceError) -> Any:
    """The shape of text-embeddings-inference."""
    kind = _TYPES.get(type(err), "Validation" if err.status < 500 else "Backend")
    return {"error": str(err), "error_type": kind}


async def embed(call: Call[EmbedRequest]) -> Any:
    """A root array of vectors, also for a single text."""
    encoding = await _encode(call, "dense")
    return matrix(encoding.rows, call.request.dimensions)


async def embed_sparse(call: Call[Inputs]) -> Any:
    """Token ids and weights."""
    encoding = await _encode(call, "sparse")
    return [
        [{"index": index, "value": weight} for index, weight in weights_by_id(row).items()] for row in encoding.rows
    ]


async def similarity(call: Call[SimilarityRequest]) -> Any:
    """The cosine of the source with each sentence."""
    given = call.request.inputs
    texts = [given.source_sentence, *given.sentences]
    encoding = await call.sidecar.encode(call.request.model, ("dense",), texts, None, call.deadline_s)
    rows = matrix(encoding.rows)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows[1:] @ rows[0]


async def _encode(call: Call[Any], kind: Literal["dense", "sparse"]) -> Encoding:
    request = call.request
    texts = [request.inputs] if isinstance(request.inputs, str) else request.inputs
    if not texts:
        raise BadRequest("inputs is empty; send at least one text")
    if (request.truncation_direction or "right").lower() != "right":
        raise BadRequest("truncation_direction Left is not supported; texts are cut at their end")
    task = side(request.prompt_name, "prompt_name", call.task)
    encoding = await call.sidecar.encode(request.model, (kind,), texts, task, call.deadline_s)
    if not request.truncate:
        encoding.refuse_truncated()
    return encoding


def _embed_route(path: str, task: Task | None) -> Operation:
    return Operation(path, embed, EmbedRequest, errors, "Dense vectors", task, ("tei",))


OPERATIONS = (
    _embed_route("/", None),
    _embed_route("/embed", None),
    _embed_route("/query/embed", "query"),
    Operation("/embed_sparse", embed_sparse, Inputs, errors, "Term weights by token id", None, ("tei",)),
    Operation("/similarity", similarity, SimilarityRequest, errors, "Cosine similarities", None, ("tei",)),
)
