"""Embeddings in fewer bits."""

import logging
from typing import Any, Literal, get_args

import numpy as np
from torch import Tensor

from .lazy import on_first_use

logger = logging.getLogger(__name__)

Precision = Literal["float32", "int8", "uint8", "binary", "ubinary"]
_BUCKETS = 255


def check_precision(precision: str | None) -> None:
    """Raise ValueError for a precision that does not exist; None means float32."""
    if precision is not None and precision not in get_args(Precision):
        raise ValueError(f"Precision {precision!r} is not supported; use one of {', '.join(get_args(Precision))}")


def quantize_embeddings(
    embeddings: Any,
    precision: Precision,
    ranges: np.ndarray[Any, Any] | None = None,
    calibration_embeddings: np.ndarray[Any, Any] | None = None,
) -> np.ndarray[Any, Any]:
    """Embeddings as float32, int8, uint8, or as bits packed into int8 (binary) or uint8 (ubinary).

    int8 and uint8 divide the range of each dimension into 255 steps: `ranges` (2, dim) holds minimum and maximum,
    else they are read off `calibration_embeddings`, else off the embeddings themselves.
    """
    check_precision(precision)
    values = _as_array(embeddings)
    if precision == "float32":
        return values.astype(np.float32)
    if precision in ("int8", "uint8"):
        return _scalar(values, precision, _ranges(values, precision, ranges, calibration_embeddings))
    bits = np.packbits(values > 0).reshape(len(values), -1)
    return bits if precision == "ubinary" else (bits - 128).astype(np.int8)


def _as_array(embeddings: Any) -> np.ndarray[Any, Any]:
    if isinstance(embeddings, Tensor):
        return np.asarray(embeddings.float().cpu().numpy())
    if isinstance(embeddings, list):
        if embeddings and isinstance(embeddings[0], Tensor):
            return np.stack([row.float().cpu().numpy() for row in embeddings])
        return np.array(embeddings)
    return np.asarray(embeddings)


def _ranges(
    values: np.ndarray[Any, Any],
    precision: str,
    ranges: np.ndarray[Any, Any] | None,
    calibration: np.ndarray[Any, Any] | None,
) -> np.ndarray[Any, Any]:
    if ranges is not None:
        return ranges
    if calibration is None and len(values) < 100:
        logger.warning(
            "The %s ranges are read off %d embedding(s) only; `ranges` or `calibration_embeddings` from more of them "
            "give steadier results.",
            precision,
            len(values),
        )
    source = values if calibration is None else _as_array(calibration)
    return np.vstack((source.min(axis=0), source.max(axis=0)))


def _scalar(values: np.ndarray[Any, Any], precision: str, ranges: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    starts = ranges[0, :]
    steps = (ranges[1, :] - ranges[0, :]) / _BUCKETS
    # A dimension without spread has one bucket only: the first.
    levels: np.ndarray[Any, Any] = np.divide(values - starts, steps, out=np.zeros_like(values), where=steps != 0)
    return levels.astype(np.uint8) if precision == "uint8" else (levels - 128).astype(np.int8)


__getattr__, _ = on_first_use(
    __name__, {"semantic_search_faiss": ".quantized_search", "semantic_search_usearch": ".quantized_search"}
)
