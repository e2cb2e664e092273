"""ML Commons: connectors to the sidecar, and the models that stand for them."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from ..capabilities import Version
from ..ports import ModelIdentity
from ..spec import IndexSpec
from .since import has

Body = dict[str, Any]
Role = Literal["dense-document", "dense-query", "sparse-document", "sparse-query", "rerank"]

PREFIX = "outrider-"
GROUP_NAME = "outrider"


@dataclass(frozen=True, slots=True)
class _Route:
    """How ML Commons calls one of the sidecar's routes."""

    kind: Literal["dense", "sparse", "rerank"]
    path: str
    fields: str
    pre_process: str
    post_process: str | None = None


# Documents and queries are two connectors: one asymmetric model exists only from OpenSearch 3.5 on.
# Sparse has no post-process function: the engine reads the root array of {token: weight} as it is.
_DENSE = ('"input": ${parameters.input}', "connector.pre_process.openai.embedding")
_SPARSE = ('"inputs": ${parameters.input}', "connector.pre_process.default.embedding")
_RERANK = (
    '"query": "${parameters.query}", "documents": ${parameters.documents}, "top_n": ${parameters.top_n}',
    "connector.pre_process.default.rerank",
)
_OPENAI = "connector.post_process.openai.embedding"
_ROUTES: dict[Role, _Route] = {
    "dense-document": _Route("dense", "/document/v1/embeddings", *_DENSE, _OPENAI),
    "dense-query": _Route("dense", "/query/v1/embeddings", *_DENSE, _OPENAI),
    "sparse-document": _Route("sparse", "/sparse", *_SPARSE),
    "sparse-query": _Route("sparse", "/query/sparse", *_SPARSE),
    "rerank": _Route("rerank", "/os/rerank", *_RERANK, "connector.post_process.default.rerank"),
}

# All keys, in seconds: without them, 2.14 to 3.5 wait for 8 hours.
_CLIENT_CONFIG = {
    "max_connection": 20,
    "connection_timeout": 5,
    "read_timeout": 60,
    "max_retry_times": 3,
    "retry_backoff_policy": "exponential_full_jitter",
    "retry_backoff_millis": 200,
    "retry_timeout_seconds": 30,
}
_TEXTS_PER_CALL = 64
_FRAMEWORK = "sentence_transformers"


def roles(spec: IndexSpec) -> dict[Role, ModelIdentity]:
    """What the engine needs models for, and which ones."""
    models = {"dense": spec.dense and spec.models.dense, "sparse": spec.sparse and spec.models.sparse}
    wanted = {**models, "rerank": spec.models.rerank}
    return {role: model for role, route in _ROUTES.items() if (model := wanted[route.kind])}


def connector_body(role: Role, model: ModelIdentity, sidecar_url: str, api_key: str | None = None) -> Body:
    """A connector, named by what it does and a hash of how: another model or address is another connector."""
    route = _ROUTES[role]
    action = {
        "action_type": "predict",
        "method": "POST",
        "url": sidecar_url.rstrip("/") + route.path,
        "headers": {"Authorization": "Bearer ${credential.key}"},
        "request_body": f'{{ {route.fields}, "model": {json.dumps(model.name)} }}',
        "pre_process_function": route.pre_process,
        **({"post_process_function": route.post_process} if route.post_process else {}),
    }
    body = {
        "description": f"{model} at {sidecar_url}, made by Outrider",
        "version": "1",
        "protocol": "http",
        "parameters": {"input_docs_processed_step_size": str(_TEXTS_PER_CALL)},
        "credential": {"key": api_key or "none"},  # an empty one is refused
        "client_config": _CLIENT_CONFIG,
        "actions": [action],
    }
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return {"name": f"{PREFIX}{role}-{digest[:8]}", **body}


def group_body() -> Body:
    return {"name": GROUP_NAME, "description": "Models served by Outrider's sidecar"}


def model_body(
    version: Version, role: Role, spec: IndexSpec, connector: Body, connector_id: str, group_id: str
) -> Body:
    """The model that stands for a connector, under the same name; `semantic` fields ask what it gives."""
    config = _model_config(role, spec) if has(version, "semantic") else None
    return {
        "name": connector["name"],
        "function_name": "remote",
        "model_group_id": group_id,
        "connector_id": connector_id,
        "description": connector["description"],
        **({"model_config": config} if config else {}),
    }


def _model_config(role: Role, spec: IndexSpec) -> Body | None:
    kind = _ROUTES[role].kind
    if kind == "sparse":
        return {"model_type": "sparse_encoding", "framework_type": _FRAMEWORK}
    if kind == "dense" and spec.dense:
        return {
            "model_type": "text_embedding",
            "framework_type": _FRAMEWORK,
            "embedding_dimension": spec.dense.dimension,
            "additional_config": {"space_type": spec.dense.space},
        }
    return None


def trial_body(role: Role) -> Body:
    """What a model is asked to see whether it answers."""
    if _ROUTES[role].kind == "rerank":
        return {"parameters": {"query": "trial", "documents": '["trial"]', "top_n": "1"}}
    return {"parameters": {"input": '["trial"]'}}


def named(name: str) -> Body:
    """The search body that finds connectors, models or groups by their exact name."""
    return {"query": {"term": {"name.keyword": name}}, "size": 100}


def all_of_ours() -> Body:
    """The search body that finds every connector, model or group that we made."""
    return {"query": {"prefix": {"name.keyword": PREFIX}}, "size": 1000, "_source": ["name", "connector_id"]}
