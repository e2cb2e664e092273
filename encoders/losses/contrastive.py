"""Pairs that belong together (label 1) or don't (0)."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from .base import EmbeddingLoss, label_per_row
from .distances import SiameseDistanceMetric, metric_name


class ContrastiveLoss(EmbeddingLoss):
    """Contrastive loss (Hadsell et al. 2006, eq. 4) over (text, text, 0 or 1)."""

    columns = (2, 2)
    needs_labels = True
    cites = "contrastive"

    def __init__(
        self,
        model: Any,
        distance_metric: Any = SiameseDistanceMetric.COSINE_DISTANCE,
        margin: float = 0.5,
        size_average: bool = True,
    ) -> None:
        super().__init__(model)
        self.distance_metric, self.margin, self.size_average = distance_metric, margin, size_average

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Squared distance of positives, squared shortfall of negatives."""
        is_pair = label_per_row(self, labels, len(embeddings[0])).float()  # type: ignore[arg-type]
        distances = self.distance_metric(embeddings[0], embeddings[1])
        losses = 0.5 * (is_pair * distances.pow(2) + (1 - is_pair) * F.relu(self.margin - distances).pow(2))
        return losses.mean() if self.size_average else losses.sum()

    def get_config_dict(self) -> dict[str, Any]:
        return {
            "distance_metric": metric_name(SiameseDistanceMetric, self.distance_metric),
            "margin": self.margin,
            "size_average": self.size_average,
        }


class OnlineContrastiveLoss(EmbeddingLoss):
    """Contrastive loss (Hadsell et al. 2006, eq. 4) on the hard pairs of a batch alone.

    Hard are positives farther apart than the closest negatives, and negatives closer than the farthest positives.
    """

    columns = (2, 2)
    needs_labels = True
    cites = "contrastive"

    def __init__(
        self, model: Any, distance_metric: Any = SiameseDistanceMetric.COSINE_DISTANCE, margin: float = 0.5
    ) -> None:
        super().__init__(model)
        self.distance_metric, self.margin = distance_metric, margin

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Sum over the hard pairs."""
        labels = label_per_row(self, labels, len(embeddings[0]))  # type: ignore[arg-type]
        distances = self.distance_metric(embeddings[0], embeddings[1])
        far, near = distances[labels == 1], distances[labels == 0]
        hard_near = near[near < (far.max() if len(far) > 1 else near.mean())]
        hard_far = far[far > (near.min() if len(near) > 1 else far.mean())]
        return hard_far.pow(2).sum() + F.relu(self.margin - hard_near).pow(2).sum()

    def get_config_dict(self) -> dict[str, Any]:
        return {
            "distance_metric": metric_name(SiameseDistanceMetric, self.distance_metric),
            "margin": self.margin,
        }
