"""Layer normalisation of the sentence embedding."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from typing import Any, ClassVar

from torch import nn

from .module import Features
from .weighted import WeightedModule


class LayerNorm(WeightedModule):
    """Zero mean and unit variance over the dimensions, with learned scale and shift."""

    config_keys: ClassVar[list[str]] = ["dimension"]

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.dimension = dimension
        self.norm = nn.LayerNorm(dimension)

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Replace the sentence embedding."""
        features["sentence_embedding"] = self.norm(features["sentence_embedding"])
        return features

    def get_sentence_embedding_dimension(self) -> int:
        """Dimensions that leave this module."""
        return self.dimension
