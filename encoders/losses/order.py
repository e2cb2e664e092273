"""Pairs in the order of their labels: a higher label should mean a higher similarity."""

from typing import Any

import torch
from torch import Tensor

from ..util.similarity import pairwise_angle_sim, pairwise_cos_sim
from .base import EmbeddingLoss, label_per_row, name_of


def order_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """log(1 + sum of exp(s_i - s_j) over all i, j with label_i < label_j): CoSENT's equation 9."""
    differences = scores[:, None] - scores[None, :]
    is_wrong_way = labels[:, None] < labels[None, :]
    kept = differences - (1 - is_wrong_way.to(differences.dtype)) * 1e12
    return torch.logsumexp(torch.cat((scores.new_zeros(1), kept.flatten())), dim=0)


class CoSENTLoss(EmbeddingLoss):
    """CoSENT (Su 2022) over (text, text, score)."""

    columns = (2, 2)
    needs_labels = True
    cites = "cosent"

    def __init__(self, model: Any, scale: float = 20.0, similarity_fct: Any = pairwise_cos_sim) -> None:
        super().__init__(model)
        self.scale, self.similarity_fct = scale, similarity_fct

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """All pairs of rows."""
        one_a_row = label_per_row(self, labels, len(embeddings[0]))  # type: ignore[arg-type]
        return order_loss(self.similarity_fct(embeddings[0], embeddings[1]) * self.scale, one_a_row)

    def get_config_dict(self) -> dict[str, Any]:
        return {"scale": self.scale, "similarity_fct": name_of(self.similarity_fct)}


class AnglELoss(CoSENTLoss):
    """AnglE (arXiv:2309.12871): CoSENT on angles in complex space."""

    cites = "angle"

    def __init__(self, model: Any, scale: float = 20.0) -> None:
        super().__init__(model, scale, similarity_fct=pairwise_angle_sim)
