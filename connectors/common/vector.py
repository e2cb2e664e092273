"""A dense vector checked before it is stored or asked, and rounded to what a field keeps of it."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..errors import BadSpec, DimensionMismatch
from ..spec import DenseField

_BITS_IN_A_BYTE = 8


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


def engine_vector(field: DenseField, vector: Sequence[float]) -> list[float] | list[int]:
    """The vector as documents and queries state it: floats; 127 times as whole numbers; or the signs, 8 to a byte."""
    array = checked_vector(field, vector)
    if field.element == "byte":
        return [int(value) for value in np.clip(np.rint(array * 127), -127, 127)]
    if field.element == "bit":
        return [int(value) for value in np.packbits(array > 0).view(np.int8)]
    return [float(value) for value in array]


def check_rounding(field: DenseField, where: str) -> None:
    """Raises BadSpec for a field whose vectors cannot be rounded to its elements."""
    if field.element == "bit" and field.dimension % _BITS_IN_A_BYTE:
        raise BadSpec(f"{where}; the number of bits must be a multiple of {_BITS_IN_A_BYTE}")
    if field.element != "float" and field.space != "cosinesimil":
        raise BadSpec(f"{where} and compared by {field.space}; rounded numbers keep directions only: cosinesimil")
