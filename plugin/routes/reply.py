"""Values -> the bytes of a reply."""

import base64
import codecs
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import orjson
from numpy.typing import NDArray

from ..errors import BadRequest

Vector = NDArray[np.float32]
EmbeddingType = Literal["float", "int8", "uint8", "binary", "ubinary", "base64"]

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def to_json(value: Any) -> bytes:
    """ASCII JSON. OpenSearch decodes each network chunk by itself, and breaks a character that lies across two."""
    encoded = orjson.dumps(value, option=_OPTIONS)
    if encoded.isascii():
        return encoded
    return encoded.decode().encode("ascii", "outrider-json")


def matrix(rows: Sequence[Vector], dimensions: int | None = None) -> Vector:
    """Rows as one contiguous array; cut to the first `dimensions` and brought back to length 1 where asked.

    Raises BadRequest where more are asked for than the model has.
    """
    stacked = np.ascontiguousarray(np.stack(rows), dtype=np.float32)
    has = stacked.shape[1]
    if dimensions is None or dimensions == has:
        return stacked
    if dimensions > has:
        raise BadRequest(
            f"{dimensions} dimensions are asked for, and the model's vectors have {has}; ask for at most {has}"
        )
    return of_length_1(stacked[:, :dimensions])


def of_length_1(rows: Vector) -> Vector:
    """The rows, each divided by its length."""
    return np.ascontiguousarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def short(number: float) -> float:
    """The number in the nine digits that tell float32 apart.

    OpenSearch's JSON parser makes a BigDecimal of what is longer than 18 characters, and fails to cast it to Double.
    """
    return float(f"{number:.9g}")


def weights_by_token(row: Any) -> dict[str, Any]:
    """A SparseVector as {token: weight}, the heaviest first."""
    return {token: short(weight) for token, weight in row.to_dict().items()}


def weights_by_id(row: Any) -> dict[int, Any]:
    """A SparseVector as {vocabulary id: weight}, the heaviest first."""
    return {index: short(weight) for index, weight in row.to_id_dict().items()}


def to_base64(row: Vector) -> str:
    """Little-endian float32, as OpenAI's clients read it."""
    return base64.b64encode(row.astype("<f4", copy=False).tobytes()).decode()


def quantized(rows: Vector, kind: EmbeddingType) -> Any:
    """Rows of length 1 in fewer bits: 127 steps a side, or the sign bits, eight a byte."""
    if kind == "float":
        return rows
    if kind == "base64":
        return [to_base64(row) for row in rows]
    if kind in ("binary", "ubinary"):
        packed = np.packbits(rows > 0, axis=1)
        return packed if kind == "ubinary" else (packed.astype(np.int16) - 128).astype(np.int8)
    steps = np.clip(np.rint(rows * 127), -127, 127)
    return steps.astype(np.int8) if kind == "int8" else (steps + 128).astype(np.uint8)


def _escape(err: UnicodeError) -> tuple[str, int]:
    if not isinstance(err, UnicodeEncodeError):
        raise err
    utf16 = err.object[err.start : err.end].encode("utf-16-be").hex()
    return "".join(f"\\u{utf16[at : at + 4]}" for at in range(0, len(utf16), 4)), err.end


# JSON has characters beyond ASCII inside strings only, so each may be escaped where it stands.
codecs.register_error("outrider-json", _escape)
