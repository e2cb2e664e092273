"""A dense vector checked before it is stored or asked."""

import math
from collections.abc import Sequence

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
