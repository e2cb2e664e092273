"""The data collator, under its usual import path."""

from ..training.collator import CrossEncoderDataCollator

__all__ = ["CrossEncoderDataCollator"]
