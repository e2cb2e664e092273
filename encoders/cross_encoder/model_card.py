"""What the card of this kind of model states, under its usual import path."""

from ..model_card import CrossEncoderModelCardData, generate_model_card
from ..training.card import TrainingCardCallback

CrossEncoderModelCardCallback = TrainingCardCallback

__all__ = ["CrossEncoderModelCardCallback", "CrossEncoderModelCardData", "generate_model_card"]
