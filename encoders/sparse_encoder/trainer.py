"""The trainer, under its usual import path."""

from ..training.trainer import SparseEncoderTrainer

__all__ = ["SparseEncoderTrainer"]
