"""Learned sparse embeddings: the encoder, its modules, and search engines to try them in."""

from .encoder import SparseEncoder

__all__ = ["SparseEncoder"]
