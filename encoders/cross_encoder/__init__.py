"""Pair scorers: the encoder that reads query and document together."""

from ..model_card import CrossEncoderModelCardData
from .encoder import CrossEncoder

__all__ = ["CrossEncoder", "CrossEncoderModelCardData"]
