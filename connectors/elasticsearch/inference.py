"""Inference endpoints: how Elasticsearch calls each of the sidecar's routes, by each of its services."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..ports import ModelIdentity
from ..spec import IndexSpec
from .dense import SIMILARITY

Body = dict[str, Any]
Role = Literal["dense-document", "dense-query", "sparse-document", "sparse-query", "rerank"]
Service = Literal["custom", "hugging_face", "openai"]
SERVICES: tuple[Service, ...] = ("custom", "hugging_face", "openai")

PREFIX = "outrider-"
TASKS: Mapping[Role, str] = {
    "dense-document": "text_embedding",
    "dense-query": "text_embedding",
    "sparse-document": "sparse_embedding",
    "sparse-query": "sparse_embedding",
    "rerank": "rerank",
}
_TEXTS_PER_CALL = 64
# No limit worth the name: the sidecar says no itself, with 429, when its queue is full.
_RATE = {"requests_per_minute": 1_000_000}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint, named by what it does and a hash of how: another model or address is another endpoint."""

    id: str
    task: str
    body: Body

    @property
    def path(self) -> str:
        return f"/_inference/{self.task}/{self.id}"


@dataclass(frozen=True, slots=True)
class _Sidecar:
    url: str
    key: str
    model: str
    similarity: str


def roles(spec: IndexSpec) -> dict[Role, ModelIdentity]:
    """What the engine needs endpoints for, and which models are behind them."""
    kinds = {"dense": spec.dense and spec.models.dense, "sparse": spec.sparse and spec.models.sparse}
    wanted = {**kinds, "rerank": spec.models.rerank}
    return {role: model for role in TASKS if (model := wanted[role.partition("-")[0]])}


def endpoint(
    spec: IndexSpec, role: Role, model: ModelIdentity, sidecar_url: str, api_key: str | None, service: Service
) -> Endpoint:
    """The endpoint of a role; what a service has no word for is done by `custom`."""
    similarity = SIMILARITY[spec.dense.space] if spec.dense else ""
    sidecar = _Sidecar(sidecar_url.rstrip("/"), api_key or "none", model.name, similarity)
    make = _BODIES.get((service, role)) or _BODIES["custom", role]
    body = make(role, sidecar)
    digest = hashlib.sha256(json.dumps([body, model.fingerprint], sort_keys=True).encode()).hexdigest()
    return Endpoint(f"{PREFIX}{role}-{digest[:8]}", TASKS[role], body)


def _custom(path: str, request: str, parser: Body, extra: Body, sidecar: _Sidecar) -> Body:
    settings = {
        "secret_parameters": {"api_key": sidecar.key},
        "url": f"{sidecar.url}{path}",
        "headers": {"Authorization": "Bearer ${api_key}", "Content-Type": "application/json;charset=utf-8"},
        "request": request,
        "response": {"json_parser": parser},
        "rate_limit": _RATE,
        **extra,
    }
    return {"service": "custom", "service_settings": settings}


def _side(role: Role) -> Body:
    # semantic_text sends the default, whatever the translation says: so each side has an endpoint of its own.
    word = "search_query" if role.endswith("query") else "search_document"
    translation = {"ingest": "search_document", "search": "search_query"}
    return {"input_type": {"translation": translation, "default": word}, "batch_size": _TEXTS_PER_CALL}


def _texts(sidecar: _Sidecar) -> str:
    return f'{{"input": ${{input}}, "model": {json.dumps(sidecar.model)}, "input_type": ${{input_type}}}}'


def _custom_dense(role: Role, sidecar: _Sidecar) -> Body:
    parser = {"text_embeddings": "$.data[*].embedding[*]", "embedding_type": "float"}
    extra = {**_side(role), "similarity": sidecar.similarity}
    return _custom("/v1/embeddings", _texts(sidecar), parser, extra, sidecar)


def _custom_sparse(role: Role, sidecar: _Sidecar) -> Body:
    parser = {"token_path": "$.result[*].embedding[*].token", "weight_path": "$.result[*].embedding[*].weight"}
    return _custom("/sparse/parallel", _texts(sidecar), parser, _side(role), sidecar)


def _custom_rerank(_: Role, sidecar: _Sidecar) -> Body:
    request = f'{{"model": {json.dumps(sidecar.model)}, "query": ${{query}}, "documents": ${{input}}}}'
    parser = {"relevance_score": "$.results[*].relevance_score", "reranked_index": "$.results[*].index"}
    return _custom("/v2/rerank", request, parser, {}, sidecar)


def _hugging_face_dense(role: Role, sidecar: _Sidecar) -> Body:
    path = "/query/embed" if role.endswith("query") else "/embed"
    return _settings("hugging_face", {"url": sidecar.url + path, "similarity": sidecar.similarity}, sidecar)


def _hugging_face_rerank(_: Role, sidecar: _Sidecar) -> Body:
    return _settings("hugging_face", {"url": f"{sidecar.url}/rerank"}, sidecar)


def _elser(role: Role, sidecar: _Sidecar) -> Body:
    path = "/query/sparse" if role.endswith("query") else "/sparse"
    return _settings("hugging_face_elser", {"url": sidecar.url + path}, sidecar)


def _openai_dense(role: Role, sidecar: _Sidecar) -> Body:
    side = "query" if role.endswith("query") else "document"
    extra = {"url": f"{sidecar.url}/{side}/v1/embeddings", "model_id": sidecar.model, "similarity": sidecar.similarity}
    return _settings("openai", extra, sidecar)


def _settings(service: str, extra: Body, sidecar: _Sidecar) -> Body:
    return {"service": service, "service_settings": {"api_key": sidecar.key, "rate_limit": _RATE, **extra}}


_BODIES: Mapping[tuple[Service, Role], Callable[[Role, _Sidecar], Body]] = {
    ("custom", "dense-document"): _custom_dense,
    ("custom", "dense-query"): _custom_dense,
    ("custom", "sparse-document"): _custom_sparse,
    ("custom", "sparse-query"): _custom_sparse,
    ("custom", "rerank"): _custom_rerank,
    ("hugging_face", "dense-document"): _hugging_face_dense,
    ("hugging_face", "dense-query"): _hugging_face_dense,
    ("hugging_face", "sparse-document"): _elser,
    ("hugging_face", "sparse-query"): _elser,
    ("hugging_face", "rerank"): _hugging_face_rerank,
    ("openai", "dense-document"): _openai_dense,
    ("openai", "dense-query"): _openai_dense,
}
