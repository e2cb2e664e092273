"""The index: its mapping and settings."""

from typing import Any

from ..common import mapping
from ..spec import IndexSpec


def index_body(spec: IndexSpec) -> dict[str, Any]:
    """What a new index is created with."""
    return mapping.index_with(spec, index_settings(spec), own_properties(spec))


def index_settings(spec: IndexSpec) -> dict[str, Any]:
    knn = {"knn": True} if spec.dense and spec.dense.kind == "knn_vector" else {}
    return {**knn, "default_pipeline": spec.pipelines.ingest} if spec.pipelines else knn


def own_properties(spec: IndexSpec) -> dict[str, Any]:
    """The fields that we add beside the user's own."""
    vectors: dict[str, Any] = {}
    if spec.dense:
        vectors[spec.dense.name] = _dense(spec)
    if spec.sparse:
        vectors[spec.sparse.name] = {"type": "rank_features"}
    return mapping.own_properties(spec, vectors)


def _dense(spec: IndexSpec) -> dict[str, Any]:
    if spec.dense is None or spec.dense.kind == "binary":
        return {"type": "binary", "doc_values": True}
    # lucene by name: the default engine (faiss) needs a native library, and without it ends the whole node.
    method = {"name": "hnsw", "engine": "lucene", "space_type": spec.dense.space}
    return {"type": "knn_vector", "dimension": spec.dense.dimension, "method": method}
