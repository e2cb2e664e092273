"""Dropout on the sentence embedding."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from typing import Any, ClassVar

from torch import nn

from .module import Features, Module


class Dropout(Module):
    """Sets a share of the dimensions to zero while training."""

    config_keys: ClassVar[list[str]] = ["dropout"]

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.dropout = dropout
        self.dropout_layer = nn.Dropout(dropout)

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Replace the sentence embedding."""
        features["sentence_embedding"] = self.dropout_layer(features["sentence_embedding"])
        return features

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write the configuration."""
        self.save_config(output_path)
