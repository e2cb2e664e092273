"""The vector fields of one document."""

from typing import Any

from ..common.features import feature_weights
from ..ports import Encoded
from ..spec import IndexSpec
from .dense import engine_vector


def vector_fields(spec: IndexSpec, encoded: Encoded) -> dict[str, Any]:
    """Raises DimensionMismatch; ValueError where a number is not finite."""
    fields: dict[str, Any] = {}
    if spec.dense and encoded.dense is not None:
        fields[spec.dense.name] = engine_vector(spec.dense, encoded.dense)
    if spec.sparse and encoded.sparse is not None:
        fields[spec.sparse.name] = feature_weights(encoded.sparse)
    return fields
