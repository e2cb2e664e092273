"""Distances by name: row by row for pairs and triplets, all rows to all rows within a batch."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..util.similarity import cos_sim, pairwise_cos_sim, pairwise_euclidean_sim, pairwise_manhattan_sim

Distance = Callable[[Any, Any], Tensor]


def _euclidean_rows(x: Tensor, y: Tensor) -> Tensor:
    return F.pairwise_distance(x, y, p=2)


def _manhattan_rows(x: Tensor, y: Tensor) -> Tensor:
    return F.pairwise_distance(x, y, p=1)


class SiameseDistanceMetric:
    """Distances of the two columns of the contrastive losses."""

    EUCLIDEAN: Distance = staticmethod(_euclidean_rows)
    MANHATTAN: Distance = staticmethod(_manhattan_rows)

    @staticmethod
    def COSINE_DISTANCE(x: Tensor, y: Tensor) -> Tensor:  # noqa: N802 -- the name in Sentence Transformers
        """1 - cosine."""
        return 1 - F.cosine_similarity(x, y)


class TripletDistanceMetric:
    """Distances of anchor to positive and to negative: larger is farther.

    Sentence Transformers 5.2 gives EUCLIDEAN and MANHATTAN with a minus, which turns the loss around.
    """

    @staticmethod
    def COSINE(x: Tensor, y: Tensor) -> Tensor:  # noqa: N802
        """1 - cosine."""
        return 1 - pairwise_cos_sim(x, y)

    @staticmethod
    def EUCLIDEAN(x: Tensor, y: Tensor) -> Tensor:  # noqa: N802
        """L2."""
        return -pairwise_euclidean_sim(x, y)

    @staticmethod
    def MANHATTAN(x: Tensor, y: Tensor) -> Tensor:  # noqa: N802
        """L1."""
        return -pairwise_manhattan_sim(x, y)


class BatchHardTripletLossDistanceFunction:
    """Distances of every row of a batch to every other."""

    @staticmethod
    def cosine_distance(embeddings: Tensor) -> Tensor:
        """1 - cosine."""
        return 1 - cos_sim(embeddings, embeddings)

    @staticmethod
    def euclidean_distance(embeddings: Tensor, squared: bool = False) -> Tensor:
        """L2, or its square; a distance of 0 has a gradient of 0."""
        products = embeddings @ embeddings.t()
        lengths = products.diagonal()
        distances = (lengths[None, :] - 2.0 * products + lengths[:, None]).clamp(min=0.0)
        if squared:
            return distances
        is_zero = (distances == 0).to(distances.dtype)
        return (1.0 - is_zero) * torch.sqrt(distances + is_zero * 1e-16)

    # The spelling of Sentence Transformers.
    eucledian_distance = euclidean_distance


def metric_name(family: type, function: Any) -> str:
    """`Family.NAME` of one of its functions, or the function's own name."""
    for name, member in vars(family).items():
        if getattr(member, "__func__", member) is function:
            return f"{family.__name__}.{name}"
    return str(getattr(function, "__name__", function))
