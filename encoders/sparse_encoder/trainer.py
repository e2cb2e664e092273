"""The trainer of sparse encoders."""

from ..training.task import SPARSE
from ..training.trainer import SentenceTransformerTrainer


class SparseEncoderTrainer(SentenceTransformerTrainer):
    """Trains a sparse encoder."""

    task = SPARSE


__all__ = ["SparseEncoderTrainer"]
