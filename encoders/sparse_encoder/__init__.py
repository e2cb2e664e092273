"""Learned sparse embeddings: the encoder, its modules, and search engines to try them in."""

from ..model_card import SparseEncoderModelCardData
from .encoder import SparseEncoder

__all__ = ["SparseEncoder", "SparseEncoderModelCardData"]
