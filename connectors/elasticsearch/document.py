"""The vector fields of one document."""

from typing import Any

from ..common.features import feature_weights
from ..common.vector import engine_vector
from ..ports import Encoded
from ..spec import IndexSpec


def vector_fields(spec: IndexSpec, encoded: Encoded) -> dict[str, Any]:
    """Raises DimensionMismatch; ValueError where a number is not finite."""
    fields: dict[str, Any] = {}
    if spec.dense and encoded.dense is not None:
        fields[spec.dense.name] = engine_vector(spec.dense, encoded.dense)
    if spec.sparse and encoded.sparse is not None:
        fields[spec.sparse.name] = feature_weights(encoded.sparse)
    return fields
