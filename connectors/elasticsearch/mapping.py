"""The index: its mapping and settings."""

from typing import Any

from ..capabilities import Version
from ..common import mapping
from ..spec import IndexSpec
from .dense import dense_property
from .semantic import semantic_properties
from .since import has


def index_body(version: Version, spec: IndexSpec) -> dict[str, Any]:
    """What a new index is created with."""
    return mapping.index_with(spec, {}, own_properties(version, spec))


def own_properties(version: Version, spec: IndexSpec) -> dict[str, Any]:
    """The fields that we add beside the user's own."""
    if spec.endpoints:
        return mapping.own_properties(spec, semantic_properties(spec, spec.endpoints))
    vectors: dict[str, Any] = {}
    if spec.dense:
        vectors[spec.dense.name] = dense_property(version, spec.dense)
    if spec.sparse:
        vectors[spec.sparse.name] = _sparse(version, spec.sparse.kind)
    return mapping.own_properties(spec, vectors)


def _sparse(version: Version, kind: str) -> dict[str, Any]:
    # Pruning is on by default where it exists, and would leave out terms that the scores need.
    prune = kind == "sparse_vector" and has(version, "sparse_vector prune option")
    return {"type": kind, **({"index_options": {"prune": False}} if prune else {})}
