"""Similarity by name."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from torch import Tensor

from .util import similarity

Similarity = Callable[[Any, Any], Tensor]


class SimilarityFunction(Enum):
    """The similarities a model may state for its embeddings."""

    COSINE = "cosine"
    DOT_PRODUCT = "dot"
    DOT = "dot"
    EUCLIDEAN = "euclidean"
    MANHATTAN = "manhattan"

    @staticmethod
    def to_similarity_fn(similarity_function: "str | SimilarityFunction") -> Similarity:
        """All rows of one side against all rows of the other."""
        return _ALL_PAIRS[SimilarityFunction(similarity_function)]

    @staticmethod
    def to_similarity_pairwise_fn(similarity_function: "str | SimilarityFunction") -> Similarity:
        """Row i of one side against row i of the other."""
        return _ROW_BY_ROW[SimilarityFunction(similarity_function)]

    @staticmethod
    def possible_values() -> list[str]:
        """Every name that is understood."""
        return [function.value for function in SimilarityFunction]


_ALL_PAIRS: dict[SimilarityFunction, Similarity] = {
    SimilarityFunction.COSINE: similarity.cos_sim,
    SimilarityFunction.DOT_PRODUCT: similarity.dot_score,
    SimilarityFunction.EUCLIDEAN: similarity.euclidean_sim,
    SimilarityFunction.MANHATTAN: similarity.manhattan_sim,
}
_ROW_BY_ROW: dict[SimilarityFunction, Similarity] = {
    SimilarityFunction.COSINE: similarity.pairwise_cos_sim,
    SimilarityFunction.DOT_PRODUCT: similarity.pairwise_dot_score,
    SimilarityFunction.EUCLIDEAN: similarity.pairwise_euclidean_sim,
    SimilarityFunction.MANHATTAN: similarity.pairwise_manhattan_sim,
}
