"""Vectors in the form that knn_vector fields, or binary doc values, take."""

import base64
from collections.abc import Sequence
from typing import Any

from ..common.vector import checked_vector
from ..spec import DenseField


def stored_vector(field: DenseField, vector: Sequence[float]) -> Any:
    """The vector as it stands in the document: a list of numbers, or big-endian float32 in base64."""
    array = checked_vector(field, vector)
    if field.kind == "knn_vector":
        return array.tolist()
    return base64.b64encode(array.astype(">f4").tobytes()).decode("ascii")


def script_vector(field: DenseField, vector: Sequence[float]) -> str:
    """The query vector as the scoring script reads it: big-endian float32, one character a byte."""
    return checked_vector(field, vector).astype(">f4").tobytes().decode("latin-1")
