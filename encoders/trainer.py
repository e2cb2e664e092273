"""The trainer of dense models, under its usual import path."""

from .training.trainer import SentenceTransformerTrainer

__all__ = ["SentenceTransformerTrainer"]
