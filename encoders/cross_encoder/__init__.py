"""Pair scorers: the encoder that reads query and document together."""

from .encoder import CrossEncoder

__all__ = ["CrossEncoder"]
