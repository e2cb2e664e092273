"""Token embeddings weighted by word, for example by inverse document frequency."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

import logging
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import torch
from torch import nn

from .module import Features, Module

logger = logging.getLogger(__name__)


class WordWeights(Module):
    """Multiplies each token embedding by the weight of its word; writes `token_weights_sum`."""

    config_keys: ClassVar[list[str]] = ["vocab", "word_weights", "unknown_word_weight"]

    def __init__(self, vocab: Iterable[str], word_weights: Mapping[str, float], unknown_word_weight: float = 1) -> None:
        super().__init__()
        self.vocab = list(vocab)
        self.word_weights = dict(word_weights)
        self.unknown_word_weight = unknown_word_weight
        weights = [word_weight(word, self.word_weights, unknown_word_weight) for word in self.vocab]
        self.emb_layer = nn.Embedding(len(self.vocab), 1)
        self.emb_layer.load_state_dict({"weight": torch.tensor(weights, dtype=torch.float32).unsqueeze(1)})

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Weigh the token embeddings; padding gets no weight."""
        mask = features["attention_mask"]
        weights = self.emb_layer(features["input_ids"]).squeeze(-1) * mask.float()
        features["token_embeddings"] = features["token_embeddings"] * weights.unsqueeze(-1)
        features["token_weights_sum"] = weights.sum(dim=1)
        return features

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write the configuration, which has the weights."""
        self.save_config(output_path)


def word_weight(word: str, weights: Mapping[str, float], unknown: float) -> float:
    """The weight of a word as written, else in lower case, else of an unknown word."""
    return weights.get(word, weights.get(word.lower(), unknown))
