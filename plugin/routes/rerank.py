"""Reranking as Cohere, Jina, vLLM, Infinity, text-embeddings-inference and OpenSearch ask for it."""

import time
import uuid
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ..errors import BadRequest, ServiceError
from ..keys import Scope
from . import tei
from .endpoint import Call, Operation
from .ranking import completed, is_complete, marked, ranking

Count = Annotated[int, Field(ge=1)]


class RerankRequest(BaseModel):
    """The fields of all those protocols; `texts` is text-embeddings-inference's word, `documents` everybody else's."""

    query: str
    documents: list[str | dict[str, Any]] | None = None
    texts: list[str] | None = None
    model: str | None = None
    top_n: Count | None = None
    rank_fields: list[str] | None = Field(default=None, description="Cohere: which fields of an object are its text.")
    return_documents: bool = False
    return_text: bool = False
    raw_scores: bool = Field(default=False, description="The model's logits instead of scores between 0 and 1.")


def errors(err: ServiceError) -> Any:
    """Cohere's clients read `message`, Jina's `detail`."""
    return {"message": str(err), "detail": str(err)}


async def by_documents(call: Call[RerankRequest]) -> Any:
    """Cohere's object, which Jina's, vLLM's and Infinity's clients read as well."""
    request = call.request
    documents = [_text(document, place, request.rank_fields) for place, document in enumerate(request.documents or ())]
    if not documents:
        raise BadRequest("documents is missing or empty; send at least one")
    encoding = await call.sidecar.rank(request.model, request.query, documents, call.deadline_s)
    ranked = ranking(encoding, is_raw=request.raw_scores)
    results = [
        {"index": index, "relevance_score": score}
        | ({"document": {"text": documents[index]}} if request.return_documents else {})
        for index, score in completed(ranked)[: request.top_n]
    ]
    return {
        "id": str(uuid.uuid4()),
        "object": "rerank",
        "created": int(time.time()),
        "model": request.model or encoding.served.name,
        "complete": is_complete(ranked),
        "results": results,
        "usage": {"prompt_tokens": encoding.tokens, "total_tokens": encoding.tokens},
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
    }


async def by_texts(call: Call[RerankRequest]) -> Any:
    """A root array, best first, with no further keys, which Elasticsearch would refuse."""
    request = call.request
    texts = request.texts or []
    if not texts:
        raise BadRequest("texts is empty; send at least one")
    encoding = await call.sidecar.rank(request.model, request.query, texts, call.deadline_s)
    ranked = ranking(encoding, is_raw=request.raw_scores)
    reply = [
        {"index": index, "score": score} | ({"text": texts[index]} if request.return_text else {})
        for index, score in completed(ranked)[: request.top_n]
    ]
    return marked(reply, ranked)


async def by_either(call: Call[RerankRequest]) -> Any:
    """Infinity and text-embeddings-inference share a path and differ in a word."""
    if call.request.texts is not None:
        return await by_texts(call)
    return await by_documents(call)


async def for_opensearch(call: Call[RerankRequest]) -> Any:
    """A root array with every document: OpenSearch has a slot for each, and casts each score to Double."""
    documents = [_text(document, place, None) for place, document in enumerate(call.request.documents or ())]
    if not documents:
        raise BadRequest("documents is missing or empty; send at least one")
    encoding = await call.sidecar.rank(call.request.model, call.request.query, documents, call.deadline_s)
    ranked = ranking(encoding)
    return marked([{"index": index, "relevance_score": score} for index, score in completed(ranked)], ranked)


def _text(document: str | dict[str, Any], place: int, fields: list[str] | None) -> str:
    if isinstance(document, str):
        return document
    chosen = fields or (["text"] if "text" in document else list(document))
    texts = [document[field] for field in chosen if field in document]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise BadRequest(f"documents[{place}] has no text in {', '.join(chosen) or 'any field'}; send a string or text")
    return "\n".join(texts)


def _route(path: str) -> Operation:
    return Operation(
        path, by_documents, RerankRequest, errors, "Cohere, Jina and vLLM rerank", tags=("rerank",), scope=Scope.RANK
    )


OPERATIONS = (
    Operation(
        "/rerank",
        by_either,
        RerankRequest,
        lambda err: {**tei.errors(err), **errors(err)},
        "Rerank of text-embeddings-inference (texts) or Infinity and Jina (documents)",
        tags=("rerank",),
        scope=Scope.RANK,
    ),
    _route("/v1/rerank"),
    _route("/v2/rerank"),
    Operation(
        "/os/rerank",
        for_opensearch,
        RerankRequest,
        errors,
        "OpenSearch's default.rerank",
        tags=("engines",),
        scope=Scope.RANK,
    ),
)
