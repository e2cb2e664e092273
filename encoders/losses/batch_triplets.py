"""Triplets found within a batch by class labels."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .base import EmbeddingLoss, label_per_row
from .distances import BatchHardTripletLossDistanceFunction

_EUCLIDEAN = BatchHardTripletLossDistanceFunction.euclidean_distance


def same_class(labels: Tensor) -> Tensor:
    """True where two different rows have the same label."""
    return (labels[:, None] == labels[None, :]) & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)


def hardest(distances: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """For each row the farthest of its class, and the closest of the others."""
    farthest = (distances * same_class(labels)).max(dim=1).values
    is_other = labels[:, None] != labels[None, :]
    # Out of reach, so that the minimum is one of another class.
    beyond = distances.max(dim=1, keepdim=True).values * (~is_other).to(distances.dtype)
    return farthest, (distances + beyond).min(dim=1).values


def all_triplets_loss(distances: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Mean over the valid triplets that violate the margin (batch all)."""
    is_valid = same_class(labels)[:, :, None] & (labels[:, None] != labels[None, :])[:, None, :]
    losses = F.relu((distances[:, :, None] - distances[:, None, :] + margin) * is_valid)
    return losses.sum() / ((losses > 1e-16).sum() + 1e-16)


def semi_hard_loss(distances: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Each pair of a class against the closest negative beyond it, or the farthest if there is none beyond."""
    is_other = labels[:, None] != labels[None, :]
    is_beyond = is_other[:, None, :] & (distances[:, None, :] > distances[:, :, None])
    spread = distances[:, None, :].expand_as(is_beyond)
    closest_beyond = spread.masked_fill(~is_beyond, torch.inf).min(dim=2).values
    lowest = distances.min(dim=1, keepdim=True).values
    farthest = ((distances - lowest) * is_other).max(dim=1, keepdim=True).values + lowest
    negative = torch.where(is_beyond.any(dim=2), closest_beyond, farthest)
    positives = same_class(labels).to(distances.dtype)
    return F.relu((margin + distances - negative) * positives).sum() / positives.sum()


class _ClassLabels(EmbeddingLoss):
    columns = (1, 1)
    needs_labels = True
    cites = "triplet"

    def __init__(self, model: Any, distance_metric: Any = _EUCLIDEAN) -> None:
        super().__init__(model)
        self.distance_metric = distance_metric

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Over the triplets of this batch."""
        classes = label_per_row(self, labels, len(embeddings[0]))  # type: ignore[arg-type]
        return self.over(self.distance_metric(embeddings[0]), classes)

    def over(self, distances: Tensor, classes: Tensor) -> Tensor:
        """The value from all distances."""
        raise NotImplementedError

    def get_config_dict(self) -> dict[str, Any]:
        return {"distance_metric": self.distance_metric.__name__}


class _WithMargin(_ClassLabels):
    def __init__(self, model: Any, distance_metric: Any = _EUCLIDEAN, margin: float = 5) -> None:
        super().__init__(model, distance_metric)
        self.triplet_margin = margin

    def get_config_dict(self) -> dict[str, Any]:
        return {**super().get_config_dict(), "margin": self.triplet_margin}


class BatchAllTripletLoss(_WithMargin):
    """Every triplet of a batch of (text, class): "batch all" (arXiv:1703.07737, eq. 6)."""

    def over(self, distances: Tensor, classes: Tensor) -> Tensor:
        """Mean over the triplets that violate the margin."""
        return all_triplets_loss(distances, classes, self.triplet_margin)


class BatchHardTripletLoss(_WithMargin):
    """The hardest triplet of each anchor in a batch of (text, class): "batch hard" (arXiv:1703.07737, eq. 5)."""

    def over(self, distances: Tensor, classes: Tensor) -> Tensor:
        """Mean over the anchors."""
        positive, negative = hardest(distances, classes)
        return F.relu(positive - negative + self.triplet_margin).mean()


class BatchHardSoftMarginTripletLoss(_ClassLabels):
    """ "Batch hard" with log(1 + exp) in the margin's place (arXiv:1703.07737, section 2, "soft-margin")."""

    def over(self, distances: Tensor, classes: Tensor) -> Tensor:
        """Mean over the anchors."""
        positive, negative = hardest(distances, classes)
        return F.softplus(positive - negative).mean()


class BatchSemiHardTripletLoss(_WithMargin):
    """Negatives just beyond the positive, in a batch of (text, class): FaceNet (arXiv:1503.03832, section 3)."""

    cites = "facenet"

    def over(self, distances: Tensor, classes: Tensor) -> Tensor:
        """Mean over the pairs of a class."""
        return semi_hard_loss(distances, classes, self.triplet_margin)
