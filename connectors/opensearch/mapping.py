"""The index: its mapping and settings."""

from typing import Any

from ..capabilities import Version
from ..common import mapping
from ..spec import DenseField, IndexSpec
from .dense import check_bytes, knn_property


def index_body(version: Version, spec: IndexSpec) -> dict[str, Any]:
    """What a new index is created with."""
    return mapping.index_with(spec, index_settings(spec), own_properties(version, spec))


def index_settings(spec: IndexSpec) -> dict[str, Any]:
    knn = {"knn": True} if spec.dense and spec.dense.kind == "knn_vector" else {}
    return {**knn, "default_pipeline": spec.pipelines.ingest} if spec.pipelines else knn


def own_properties(version: Version, spec: IndexSpec) -> dict[str, Any]:
    """The fields that we add beside the user's own."""
    vectors: dict[str, Any] = {}
    if spec.dense:
        vectors[spec.dense.name] = _dense(version, spec.dense)
    if spec.sparse:
        vectors[spec.sparse.name] = {"type": "rank_features"}
    return mapping.own_properties(spec, vectors)


def _dense(version: Version, field: DenseField) -> dict[str, Any]:
    if field.kind == "knn_vector":
        return knn_property(version, field)
    check_bytes(field)
    return {"type": "binary", "doc_values": True}
