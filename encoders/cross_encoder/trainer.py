"""The trainer, under its usual import path."""

from ..training.trainer import CrossEncoderTrainer

__all__ = ["CrossEncoderTrainer"]
