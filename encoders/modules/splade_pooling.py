"""Vocabulary logits of the tokens -> one sparse vector of term weights (SPLADE, arXiv:2109.10086)."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from typing import Any, ClassVar

import torch
from torch import Tensor

from ..renames import keywords
from .module import Features, Module

STRATEGIES = ("max", "sum")
ACTIVATIONS = ("relu", "log1p_relu")


class SpladePooling(Module):
    """log1p(relu(logits)), pooled over the tokens by maximum or sum.

    `chunk_size` pools that many tokens at a time: the same result with less memory.
    """

    config_keys: ClassVar[list[str]] = ["pooling_strategy", "activation_function", "word_embedding_dimension"]

    @keywords(newer={"embedding_dimension": "word_embedding_dimension"})
    def __init__(
        self,
        pooling_strategy: str = "max",
        activation_function: str = "relu",
        word_embedding_dimension: int | None = None,
        chunk_size: int | None = None,
    ) -> None:
        super().__init__()
        if pooling_strategy not in STRATEGIES:
            raise ValueError(f"pooling_strategy is {pooling_strategy!r}; use one of {', '.join(STRATEGIES)}")
        if activation_function not in ACTIVATIONS:
            raise ValueError(f"activation_function is {activation_function!r}; use one of {', '.join(ACTIVATIONS)}")
        self.pooling_strategy = pooling_strategy
        self.activation_function = activation_function
        self.word_embedding_dimension = word_embedding_dimension
        self.chunk_size = chunk_size

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Add `sentence_embedding`, (batch, vocabulary), mostly zeros."""
        logits: Tensor = features["token_embeddings"] if "token_embeddings" in features else features["token_logits"]
        mask: Tensor = features["attention_mask"].to(logits.device)
        size = self.chunk_size or logits.size(1)
        pieces = zip(torch.split(logits, size, dim=1), torch.split(mask, size, dim=1), strict=True)
        if self.pooling_strategy == "max":
            pooled = self._activate(self._largest(list(pieces)))
        else:
            pooled = torch.stack([self._sum(piece, keep) for piece, keep in pieces]).sum(dim=0)
        self.word_embedding_dimension = pooled.size(1)
        features["sentence_embedding"] = pooled
        return features

    def _activate(self, logits: Tensor) -> Tensor:
        weights = torch.log1p(torch.relu(logits))
        return torch.log1p(weights) if self.activation_function == "log1p_relu" else weights

    def _largest(self, pieces: list[tuple[Tensor, Tensor]]) -> Tensor:
        # The activation never decreases, so it is enough to activate the largest logit of each term.
        largest = [piece.masked_fill(keep.unsqueeze(-1) == 0, 0.0).amax(dim=1) for piece, keep in pieces]
        return torch.stack(largest).amax(dim=0)

    def _sum(self, piece: Tensor, keep: Tensor) -> Tensor:
        return (self._activate(piece) * keep.unsqueeze(-1)).sum(dim=1)

    def get_sentence_embedding_dimension(self) -> int | None:
        """The size of the vocabulary, known after the first batch or from the saved configuration."""
        return self.word_embedding_dimension

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write the configuration."""
        self.save_config(output_path)

    def __repr__(self) -> str:
        return f"SpladePooling({self.get_config_dict()})"
