"""Vectors in the form that knn_vector fields, or binary doc values, take."""

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DimensionMismatch
from ..spec import DenseField


def checked_vector(field: DenseField, vector: Sequence[float]) -> npt.NDArray[np.float32]:
    """The vector as it is scored: float32, of length 1 where the space is cosine.

    Raises DimensionMismatch; ValueError where a number is not finite.
    """
    array = np.asarray(vector, dtype=np.float32)
    if array.shape != (field.dimension,):
        raise DimensionMismatch(
            f"field '{field.name}' expects {field.dimension} numbers, the encoder gives {array.size}; "
            f"make a new index for this model, or choose the model the index was made with"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"the vector for '{field.name}' holds a number that is not finite")
    norm = math.sqrt(float(np.dot(array, array)))
    return array / np.float32(norm) if field.space == "cosinesimil" and norm > 0 else array


def stored_vector(field: DenseField, vector: Sequence[float]) -> Any:
    """The vector as it stands in the document: a list of numbers, or big-endian float32 in base64."""
    array = checked_vector(field, vector)
    if field.kind == "knn_vector":
        return array.tolist()
    return base64.b64encode(array.astype(">f4").tobytes()).decode("ascii")


def script_vector(field: DenseField, vector: Sequence[float]) -> str:
    """The query vector as the scoring script reads it: big-endian float32, one character a byte."""
    return checked_vector(field, vector).astype(">f4").tobytes().decode("latin-1")
