import base64
import struct

import pytest

from outrider.connectors import DenseField, DimensionMismatch
from outrider.connectors.opensearch.dense import script_vector, stored_vector

BYTES = DenseField(2, kind="binary", space="innerproduct")


def test_bytes_are_big_endian_float32() -> None:
    assert base64.b64decode(stored_vector(BYTES, [1.5, -2.0])) == struct.pack(">2f", 1.5, -2.0)
    assert script_vector(BYTES, [1.5, -2.0]).encode("latin-1") == struct.pack(">2f", 1.5, -2.0)


def test_cosine_vectors_are_stored_at_length_one() -> None:
    field = DenseField(2, kind="knn_vector", space="cosinesimil")
    assert stored_vector(field, [3.0, 4.0]) == pytest.approx([0.6, 0.8])
    assert stored_vector(field, [0.0, 0.0]) == [0.0, 0.0]


def test_another_length_is_said_with_both_numbers() -> None:
    with pytest.raises(DimensionMismatch, match=r"'outrider_dense' expects 2 numbers, the encoder gives 3"):
        stored_vector(BYTES, [1.0, 2.0, 3.0])


def test_a_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        stored_vector(BYTES, [1.0, float("nan")])
