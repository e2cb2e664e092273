"""The hardest negative of a very large batch."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..util.similarity import cos_sim
from .base import EmbeddingLoss, Features
from .gradient_cache import check_size, embed_in_slices


class MegaBatchMarginLoss(EmbeddingLoss):
    """Margins to the positive and to the hardest other positive of a mega-batch (arXiv:1711.05732, section 3).

    `use_mini_batched_version` embeds in slices (gradient caching); the value and the gradient are the same.
    """

    columns = (2, 2)
    cites = "mega-batch"

    def __init__(
        self,
        model: Any,
        positive_margin: float = 0.8,
        negative_margin: float = 0.3,
        use_mini_batched_version: bool = True,
        mini_batch_size: int = 50,
    ) -> None:
        super().__init__(model)
        check_size(mini_batch_size)
        self.positive_margin, self.negative_margin = positive_margin, negative_margin
        self.use_mini_batched_version, self.mini_batch_size = use_mini_batched_version, mini_batch_size

    def embed(self, features: list[Features]) -> list[Tensor]:
        """At once, or in slices."""
        if self.use_mini_batched_version:
            return embed_in_slices(self.model, features, self.mini_batch_size)
        return super().embed(features)

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Mean over the rows."""
        scores = cos_sim(embeddings[0], embeddings[1])
        # A cosine is at most 1: minus 2, the positive itself is never the hardest negative.
        others = scores - 2 * torch.eye(len(scores), device=scores.device)
        hardest = others.max(dim=1).values
        losses = F.relu(self.positive_margin - scores.diagonal()) + F.relu(hardest - self.negative_margin)
        return losses.mean()

    def get_config_dict(self) -> dict[str, Any]:
        return {
            "positive_margin": self.positive_margin,
            "negative_margin": self.negative_margin,
            "use_mini_batched_version": self.use_mini_batched_version,
            "mini_batch_size": self.mini_batch_size,
        }
