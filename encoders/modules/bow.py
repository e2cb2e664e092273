"""Bag of words: one dimension a word of a fixed vocabulary."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import torch

from .input_module import InputModule
from .module import Features
from .word_tokenizer import WhitespaceTokenizer
from .word_weights import word_weight


class BoW(InputModule):
    """Word counts (or presence), each times the weight of its word, straight as the sentence embedding."""

    save_in_root: bool = False
    config_keys: ClassVar[list[str]] = ["vocab", "word_weights", "unknown_word_weight", "cumulative_term_frequency"]

    def __init__(
        self,
        vocab: Iterable[str],
        word_weights: Mapping[str, float] = {},
        unknown_word_weight: float = 1,
        cumulative_term_frequency: bool = True,
    ) -> None:
        super().__init__()
        self.vocab = list(dict.fromkeys(vocab))
        self.word_weights = dict(word_weights)
        self.unknown_word_weight = unknown_word_weight
        self.cumulative_term_frequency = cumulative_term_frequency
        self.weights = [word_weight(word, self.word_weights, unknown_word_weight) for word in self.vocab]
        self.tokenizer = WhitespaceTokenizer(self.vocab, stop_words=set(), do_lower_case=False)
        self.sentence_embedding_dimension = len(self.vocab)

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """The embedding was made while tokenising."""
        return features

    def tokenize(self, texts: Sequence[str], **kwargs: Any) -> Features:
        """Word counts of each text."""
        vectors = torch.zeros(len(texts), len(self.vocab))
        for row, text in enumerate(texts):
            for word in self.tokenizer.tokenize(text):
                earlier = vectors[row, word] if self.cumulative_term_frequency else 0.0
                vectors[row, word] = earlier + self.weights[word]
        return {"sentence_embedding": vectors}

    def get_sentence_embedding_dimension(self) -> int:
        """The size of the vocabulary."""
        return self.sentence_embedding_dimension

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write the configuration."""
        self.save_config(output_path)
