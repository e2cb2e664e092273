"""The data collator of dense models, under its usual import path."""

from .training.collator import SentenceTransformerDataCollator

__all__ = ["SentenceTransformerDataCollator"]
