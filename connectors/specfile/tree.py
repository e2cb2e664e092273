"""What may stand in a spec file: the fields of IndexSpec, with models by name."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from ..errors import BadSpec
from ..spec import IndexSpec

# Every key by its path, as editors show it.
DESCRIPTIONS: Mapping[str, str] = {
    "index": "The name of the index.",
    "text_fields": "The fields whose texts are encoded and searched, in this order.",
    "id_field": "The field that identifies a document, where documents come from a file.",
    "models": "The models by kind, by the names that they are served by; the first one served, unless given.",
    "models.dense": "The model of the vectors; false: no vectors.",
    "models.sparse": "The model of the term weights; false: no term weights.",
    "models.rerank": "The cross-encoder; false: none.",
    "dense": "The field of the vectors.",
    "dense.name": "The name of the field.",
    "dense.kind": "How vectors are stored; the best that the cluster has, unless given.",
    "dense.space": "How vectors are compared.",
    "dense.element": "What the engine keeps of each number, where it has vectors of its own.",
    "dense.structure": "How the engine finds the nearest; int8_hnsw (Elasticsearch), hnsw (OpenSearch), unless given.",
    "sparse": "The field of the term weights.",
    "sparse.name": "The name of the field.",
    "sparse.kind": "How term weights are stored; the best that the cluster has, unless given.",
    "sparse.prune": "Which terms of a document are stored; all of them, unless given.",
    "sparse.prune.ratio": "Those that weigh at least so much of the heaviest one, from 0 to 1.",
    "sparse.prune.top_k": "So many of the heaviest.",
    "chunks": "How long texts are cut, so that all of a text is read. Without it, a model reads only the beginning.",
    "chunks.by": "Where texts are cut.",
    "chunks.size": "The most tokens of a chunk; as many as the model reads, unless given.",
    "chunks.overlap": "With how many tokens of the chunk before a chunk may begin.",
    "chunks.title": "The text field that every chunk is encoded behind, and that is not cut itself.",
    "chunks.late": "Whether a chunk's vector is made of tokens that have read the text around it too.",
    "chunks.kept": "In the document (nested), or each as a document of its own, collapsed by searches (documents).",
    "chunks.field": "The name of the field that chunks are kept in, or that says where one stands.",
    "chunks.limit": "The most chunks of a document.",
    "way": "Who encodes: the engine through its plugins (native), or the sidecar.",
    "marker": "The field that says what a document's vectors were made of.",
    "match": "How several text fields count together in BM25.",
    "tie_breaker": "What each text field but the best one adds to a BM25 score.",
    "fusion": "How rankings become one: by score (min_max, z_score, l2) or by rank (rrf).",
    "weights": "How much each ranking counts in the fusion; 0 leaves it out.",
    "weights.bm25": "The weight of BM25.",
    "weights.dense": "The weight of the ranking by vectors.",
    "weights.sparse": "The weight of the ranking by term weights.",
    "rank_constant": "The constant of reciprocal rank fusion.",
    "window": "How deep each ranking is read before it is fused.",
    "rerank_window": "How many of the fused results are reranked.",
    "rerank_weight": "The share of the cross-encoder in the order of the reranked, from 0 to 1.",
    "query_prune": "Which terms of a query are asked for; all of them, unless given.",
    "query_prune.ratio": "Those that weigh at least so much of the heaviest one, from 0 to 1.",
    "query_prune.top_k": "So many of the heaviest.",
    "two_phase": "Terms of a query in two phases: the heavy ones find, all of them score what was found.",
    "two_phase.ratio": "Heavy are those that weigh at least so much of the heaviest one, from 0 to 1.",
    "two_phase.window": "How many of each shard are scored by all terms.",
    "boosts": "Business fields that count beside relevance: a score is multiplied by 1 and what each of them adds.",
    "boosts.field": "A field of numbers, or of dates.",
    "boosts.function": "log1p: ln(1 + value / pivot). saturation: value / (value + pivot). decay: halved each pivot.",
    "boosts.pivot": "The value that counts half; where it decays, the distance that does: in days for dates.",
    "boosts.weight": "How much the function adds.",
    "boosts.origin": "The number from which it decays; from now, for dates, unless given.",
    "when_encoder_down": "What becomes of requests through the gateway that nobody can encode now.",
    "when_encoder_down.writes": "pending: stored without vectors, which come later. refuse: 429 or 503, to be retried.",
    "when_encoder_down.searches": "bm25: answered by BM25 alone. refuse: 503.",
    "deadlines": "How long searches through the gateway wait for models.",
    "deadlines.encode_s": "Seconds for the query to be encoded; then it is as if the encoder were down.",
    "deadlines.rerank_s": "Seconds for the results to be reranked; then they stay in the order of the fusion.",
    "exact_limit": "Up to how many vectors all of them are scored, where the engine has no vector index.",
}
_CONFIG = ConfigDict(extra="forbid", allow_inf_nan=False)
# Not the author's to say: the model decides the dimension, registering makes pipelines and endpoints, migrating a
# follower.
_DERIVED = frozenset(("dense.dimension", "pipelines", "endpoints", "follower"))


class PinnedModel(BaseModel):
    """A model by name, and the fingerprint that it must have."""

    model_config = _CONFIG
    name: str
    fingerprint: str


def schema() -> dict[str, Any]:
    """The JSON Schema of spec files, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **TREE.model_json_schema()}


def _tree(kind: type, prefix: str = "") -> type[BaseModel]:
    """A dataclass as a strict tree: no other keys, no other types; nothing but what a file gives is set."""
    hints = get_type_hints(kind)
    fields: dict[str, Any] = {}
    for each in dataclasses.fields(kind):
        path = f"{prefix}{each.name}"
        if path in _DERIVED:
            continue
        described = Field(default=_shown(each, path), description=_described(path))
        fields[each.name] = (_MODELS if path == "models" else _inner(hints[each.name], path), described)
    return create_model(kind.__name__, __config__=_CONFIG, __doc__=None, **fields)


def _inner(hint: Any, path: str) -> Any:
    """Dataclasses become trees, also optional ones and those in lists; all else stays."""
    inside = next((each for each in (hint, *get_args(hint)) if dataclasses.is_dataclass(each)), None)
    if not isinstance(inside, type):
        return hint
    tree: Any = _tree(inside, f"{path}.")
    return tuple[tree, ...] if get_origin(hint) is tuple else tree


def _shown(each: "dataclasses.Field[Any]", path: str) -> Any:
    """The default as a schema shows it; what the cluster or the models decide has none, what must be given is `...`."""
    if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
        return ...
    return None if path.endswith(".kind") or dataclasses.is_dataclass(each.default) else _plain(each.default)


def _plain(default: Any) -> Any:
    return None if default is dataclasses.MISSING else default


def _described(path: str) -> str:
    if path not in DESCRIPTIONS:
        raise BadSpec(f"spec files have a key '{path}' that nothing describes")
    return DESCRIPTIONS[path]


_FIELDS_OF_MODELS: dict[str, Any] = {
    kind: (str | PinnedModel | Literal[False], Field(default=None, description=DESCRIPTIONS[f"models.{kind}"]))
    for kind in ("dense", "sparse", "rerank")
}
_MODELS = create_model("Models", __config__=_CONFIG, **_FIELDS_OF_MODELS)
TREE = _tree(IndexSpec)
