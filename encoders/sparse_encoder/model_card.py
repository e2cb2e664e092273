"""What the card of this kind of model states, under its usual import path."""

from ..model_card import SparseEncoderModelCardData, generate_model_card
from ..training.card import TrainingCardCallback

SparseEncoderModelCardCallback = TrainingCardCallback

__all__ = ["SparseEncoderModelCardCallback", "SparseEncoderModelCardData", "generate_model_card"]
