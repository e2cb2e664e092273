"""Anchor, positive, negative."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from .base import EmbeddingLoss
from .distances import TripletDistanceMetric, metric_name


class TripletLoss(EmbeddingLoss):
    """max(d(a, p) - d(a, n) + margin, 0) over (anchor, positive, negative); FaceNet (arXiv:1503.03832, section 3)."""

    columns = (3, 3)
    cites = "facenet"

    def __init__(
        self, model: Any, distance_metric: Any = TripletDistanceMetric.EUCLIDEAN, triplet_margin: float = 5
    ) -> None:
        super().__init__(model)
        self.distance_metric, self.triplet_margin = distance_metric, triplet_margin

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Mean over the rows."""
        anchor, positive, negative = embeddings
        gap = self.distance_metric(anchor, positive) - self.distance_metric(anchor, negative)
        return F.relu(gap + self.triplet_margin).mean()

    def get_config_dict(self) -> dict[str, Any]:
        return {
            "distance_metric": metric_name(TripletDistanceMetric, self.distance_metric),
            "triplet_margin": self.triplet_margin,
        }
