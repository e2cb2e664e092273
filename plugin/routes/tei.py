"""Hugging Face text-embeddings-inference: its routes, replies and errors."""

import asyncio
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ..errors import BadRequest, BodyTooLarge, NotReady, QueueFull, ServiceError, TextRefused
from ..served import KINDS, ServableModel, Task
from ..sidecar import Encoding
from .endpoint import Call, Operation
from .reply import matrix, of_length_1, weights_by_id
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

    normalize: bool = Field(default=True, description="To length 1; a model that does so itself does so anyway.")
    dimensions: Annotated[int, Field(ge=1)] | None = None


class TokenizeRequest(BaseModel):
    """Texts to cut into tokens."""

    inputs: str | list[str]
    model: str | None = Field(default=None, description="Beyond the protocol: a served name or alias.")
    add_special_tokens: bool = True


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
    rows = matrix(encoding.rows, call.request.dimensions)
    return of_length_1(rows) if call.request.normalize else rows


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
    rows = of_length_1(matrix(encoding.rows))
    return rows[1:] @ rows[0]


async def tokenize(call: Call[TokenizeRequest]) -> Any:
    """The tokens of each text, up to the model's limit, with their places in it."""
    request, sidecar = call.request, call.sidecar
    texts = [request.inputs] if isinstance(request.inputs, str) else request.inputs
    served, _ = sidecar.registry.find(request.model, KINDS)
    sidecar.check(texts)
    special = request.add_special_tokens
    return await asyncio.to_thread(lambda: [_spelled(served.model, special, *each) for each in enumerate(texts)])


def _spelled(model: ServableModel, add_special_tokens: bool, place: int, text: str) -> list[dict[str, Any]]:
    try:
        tokens = model.spell(text, add_special_tokens)
    except UnicodeEncodeError as err:
        raise TextRefused(f"text {place} is not valid Unicode: {err.reason} at character {err.start}") from err
    return [
        {"id": each.id, "text": each.text, "special": each.is_special, "start": each.start, "stop": each.stop}
        for each in tokens
    ]


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
    Operation("/tokenize", tokenize, TokenizeRequest, errors, "Tokens of texts", None, ("tei",)),
    Operation("/similarity", similarity, SimilarityRequest, errors, "Cosine similarities", None, ("tei",)),
)
