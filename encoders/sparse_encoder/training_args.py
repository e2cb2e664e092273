"""Training arguments, under their usual import path."""

from ..training.arguments import SparseEncoderTrainingArguments

__all__ = ["SparseEncoderTrainingArguments"]
