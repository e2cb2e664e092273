"""OpenAI's embeddings: for its clients, OpenSearch's openai functions, Elasticsearch's openai and custom services."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ..errors import BadRequest, NotReady, QueueFull, ServiceError, Unauthorized, UnknownModel
from ..served import Task
from .endpoint import Call, Operation
from .reply import matrix, quantized
from .sides import side

_TYPES: dict[type[ServiceError], str] = {
    Unauthorized: "authentication_error",
    UnknownModel: "not_found_error",
    QueueFull: "rate_limit_error",
    NotReady: "service_unavailable_error",
}


class Text(BaseModel):
    """Jina's way to say that an input is text."""

    text: str


class EmbeddingsRequest(BaseModel):
    """OpenAI's fields, and the words that Cohere (`input_type`) and Jina (`task`) have for query and document."""

    input: str | list[str] | list[Text] | list[int] | list[list[int]]
    model: str | None = Field(default=None, description="A served name or alias; `name:query` encodes as queries.")
    encoding_format: Literal["float", "base64"] | None = None
    embedding_type: Literal["float", "base64", "binary", "ubinary"] | None = Field(
        default=None, description="Jina's encoding_format."
    )
    dimensions: Annotated[int, Field(ge=1)] | None = Field(default=None, description="Keep so many, at length 1.")
    input_type: str | None = None
    task: str | None = None


def errors(err: ServiceError) -> Any:
    """OpenAI's error shape."""
    kind = _TYPES.get(type(err), "invalid_request_error" if err.status < 500 else "server_error")
    return {"error": {"message": str(err), "type": kind, "param": None, "code": type(err).__name__}}


async def embeddings(call: Call[EmbeddingsRequest]) -> Any:
    """One entry an input, in order."""
    request = call.request
    task = side(request.input_type, "input_type") or side(request.task, "task", call.task)
    encoding = await call.sidecar.encode(request.model, ("dense",), _texts(request.input), task, call.deadline_s)
    rows = matrix(encoding.rows, request.dimensions)
    entries = quantized(rows, request.embedding_type or request.encoding_format or "float")
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": index, "embedding": entry} for index, entry in enumerate(entries)],
        "model": request.model or encoding.served.name,
        "usage": {"prompt_tokens": encoding.tokens, "total_tokens": encoding.tokens},
    }


def _texts(given: str | list[str] | list[Text] | list[int] | list[list[int]]) -> list[str]:
    entries = [given] if isinstance(given, str) else given
    texts = [entry.text if isinstance(entry, Text) else entry for entry in entries]
    if not texts:
        raise BadRequest("input is empty; send at least one text")
    strings = [text for text in texts if isinstance(text, str)]
    if len(strings) < len(texts):
        raise BadRequest(
            "input has token ids, which belong to another model's tokenizer; send texts "
            "(LangChain: OpenAIEmbeddings(check_embedding_ctx_length=False))"
        )
    return strings


def _route(path: str, task: Task | None = None) -> Operation:
    about = f", encoded as a {task}" if task else ""
    return Operation(path, embeddings, EmbeddingsRequest, errors, f"OpenAI embeddings{about}", task, ("openai",))


OPERATIONS = (
    _route("/v1/embeddings"),
    _route("/embeddings"),
    _route("/query/v1/embeddings", "query"),
    _route("/document/v1/embeddings", "document"),
)
