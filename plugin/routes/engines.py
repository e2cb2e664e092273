"""What the engines send and read where no public protocol serves: term weights, and asymmetric models."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from outrider.connectors import escape_token

from ..errors import BadRequest
from ..served import Kind, Task
from ..sidecar import Encoding
from .endpoint import Call, Operation
from .native import errors
from .reply import matrix, weights_by_id, weights_by_token
from .sides import side


class SparseRequest(BaseModel):
    """OpenSearch's sparse_encoding and Elasticsearch's hugging_face_elser."""

    inputs: str | list[str]
    format: Literal["WORD", "TOKEN_ID"] = Field(default="WORD", description="TOKEN_ID for SEISMIC fields.")
    model: str | None = None


class ParallelRequest(BaseModel):
    """Elasticsearch's custom service."""

    input: str | list[str]
    input_type: str | None = None
    model: str | None = None


class AsymmetricRequest(BaseModel):
    """OpenSearch 3.5 and later, for models with is_asymmetric."""

    texts: list[str]
    content_type: str | None = Field(default=None, description="query or passage.")
    model: str | None = None


async def sparse(call: Call[SparseRequest]) -> Any:
    """A root array with one {token: weight} for each input."""
    request = call.request
    encoding = await _encode(call, request.inputs, "inputs", ("sparse",), call.task)
    return [_words(row) if request.format == "WORD" else weights_by_id(row) for row in encoding.rows]


async def parallel(call: Call[ParallelRequest]) -> Any:
    """Tokens and weights where Elasticsearch's two parallel paths find them."""
    request = call.request
    task = side(request.input_type, "input_type", call.task)
    encoding = await _encode(call, request.input, "input", ("sparse",), task)
    return {
        "result": [
            {"embedding": [{"token": token, "weight": weight} for token, weight in _words(row).items()]}
            for row in encoding.rows
        ]
    }


async def asymmetric(call: Call[AsymmetricRequest]) -> Any:
    """A root array of vectors or of term weights, as the model is."""
    request = call.request
    task = side(request.content_type, "content_type", call.task)
    encoding = await _encode(call, request.texts, "texts", ("dense", "sparse"), task)
    if encoding.served.kind == "dense":
        return matrix(encoding.rows)
    return [_words(row) for row in encoding.rows]


def _words(row: Any) -> dict[str, float]:
    """Term weights whose tokens have no dots, at which engines split a feature's name."""
    return {escape_token(token): weight for token, weight in weights_by_token(row).items()}


async def _encode(
    call: Call[Any], given: str | list[str], field: str, kinds: tuple[Kind, ...], task: Task | None
) -> Encoding:
    texts = [given] if isinstance(given, str) else given
    if not texts:
        raise BadRequest(f"{field} is empty; send at least one text")
    return await call.sidecar.encode(call.request.model, kinds, texts, task, call.deadline_s)


def _sparse_route(path: str, task: Task | None) -> Operation:
    return Operation(path, sparse, SparseRequest, errors, "Term weights, an object for each input", task, ("engines",))


OPERATIONS = (
    _sparse_route("/sparse", None),
    _sparse_route("/query/sparse", "query"),
    Operation(
        "/sparse/parallel",
        parallel,
        ParallelRequest,
        errors,
        "Term weights for Elasticsearch's custom",
        None,
        ("engines",),
    ),
    Operation(
        "/query/sparse/parallel", parallel, ParallelRequest, errors, "The same for queries", "query", ("engines",)
    ),
    Operation("/os/asym", asymmetric, AsymmetricRequest, errors, "OpenSearch's asymmetric models", None, ("engines",)),
)
