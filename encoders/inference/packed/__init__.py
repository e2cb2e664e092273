"""Transformers over packed tokens, on torch: the texts of a batch end to end, with no padding between them."""

from .families import PackedBackbone, packed_backbone
from .heads import pooled, splade
from .tokens import PackedTokens, pack
from .weights import TensorTable

__all__ = ["PackedBackbone", "PackedTokens", "TensorTable", "pack", "packed_backbone", "pooled", "splade"]
