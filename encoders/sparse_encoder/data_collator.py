"""The data collator, under its usual import path."""

from ..training.collator import SparseEncoderDataCollator

__all__ = ["SparseEncoderDataCollator"]
