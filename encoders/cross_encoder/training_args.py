"""Training arguments, under their usual import path."""

from ..training.arguments import CrossEncoderTrainingArguments

__all__ = ["CrossEncoderTrainingArguments"]
