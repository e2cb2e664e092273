"""The trainer of cross-encoders."""

from ..training.task import CROSS
from ..training.trainer import SentenceTransformerTrainer


class CrossEncoderTrainer(SentenceTransformerTrainer):
    """Trains a cross-encoder."""

    task = CROSS


__all__ = ["CrossEncoderTrainer"]
