"""A learned weighted mean of the transformer's layers."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..renames import keywords
from .module import Features
from .weighted import WeightedModule


class WeightedLayerPooling(WeightedModule):
    """Token embeddings as the weighted mean of the layers from `layer_start` on; needs output_hidden_states."""

    config_keys: ClassVar[list[str]] = ["word_embedding_dimension", "layer_start", "num_hidden_layers"]

    @keywords(newer={"embedding_dimension": "word_embedding_dimension"})
    def __init__(
        self,
        word_embedding_dimension: int,
        num_hidden_layers: int = 12,
        layer_start: int = 4,
        layer_weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.word_embedding_dimension = word_embedding_dimension
        self.num_hidden_layers = num_hidden_layers
        self.layer_start = layer_start
        layers = num_hidden_layers + 1 - layer_start
        given = torch.ones(layers) if layer_weights is None else layer_weights
        self.layer_weights = given if isinstance(given, nn.Parameter) else nn.Parameter(given.float())

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Replace the token embeddings."""
        layers = torch.stack(list(features["all_layer_embeddings"])[self.layer_start :])
        weights = self.layer_weights.view(-1, 1, 1, 1)
        features["token_embeddings"] = (weights * layers).sum(dim=0) / self.layer_weights.sum()
        return features

    def get_word_embedding_dimension(self) -> int:
        """The width of the token embeddings."""
        return self.word_embedding_dimension
