"""The index: its mapping and settings."""

from typing import Any

from ..spec import META_KEY, IndexSpec, spec_to_meta

_KEYWORD = {"type": "keyword"}
_STORED_ONLY = {"type": "keyword", "index": False, "doc_values": False}
# What is said about the encoding of each document; `gap` is the space that the native reranker puts between texts.
_MARKER = {
    "properties": {
        "state": _KEYWORD,
        "text_hash": _KEYWORD,
        "models": {"properties": {"dense": _KEYWORD, "sparse": _KEYWORD}},
        "error": _STORED_ONLY,
        "gap": _STORED_ONLY,
    }
}


def index_body(spec: IndexSpec) -> dict[str, Any]:
    """What a new index is created with."""
    texts = {path: {"type": "text"} for path in spec.text_fields}
    return {
        "settings": {"index": index_settings(spec)},
        "mappings": {
            "_meta": {META_KEY: spec_to_meta(spec)},
            "properties": {**texts, **own_properties(spec)},
        },
    }


def index_settings(spec: IndexSpec) -> dict[str, Any]:
    knn = {"knn": True} if spec.dense and spec.dense.kind == "knn_vector" else {}
    return {**knn, "default_pipeline": spec.pipelines.ingest} if spec.pipelines else knn


def own_properties(spec: IndexSpec) -> dict[str, Any]:
    """The fields that we add beside the user's own."""
    properties: dict[str, Any] = {spec.marker: _MARKER}
    if spec.dense:
        properties[spec.dense.name] = _dense(spec)
    if spec.sparse:
        properties[spec.sparse.name] = {"type": "rank_features"}
    return properties


def _dense(spec: IndexSpec) -> dict[str, Any]:
    if spec.dense is None or spec.dense.kind == "binary":
        return {"type": "binary", "doc_values": True}
    # lucene by name: the default engine (faiss) needs a native library, and without it ends the whole node.
    method = {"name": "hnsw", "engine": "lucene", "space_type": spec.dense.space}
    return {"type": "knn_vector", "dimension": spec.dense.dimension, "method": method}
