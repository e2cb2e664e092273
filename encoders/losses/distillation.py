"""A teacher's scores of several documents for a query."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..util.similarity import pairwise_dot_score
from .base import EmbeddingLoss, name_of
from .errors import LossError


def margin_mse(scores: Tensor, labels: Tensor, name: str) -> Tensor:
    """MSE between the margins of `scores` (rows, 1 + negatives) and the teacher's margins or full scores."""
    margins = scores[:, :1] - scores[:, 1:]
    wanted = labels[:, None] if labels.dim() == 1 else labels
    if wanted.shape == scores.shape:
        wanted = wanted[:, :1] - wanted[:, 1:]
    if wanted.shape != margins.shape:
        raise LossError(
            f"{name} needs {margins.shape[1]} margin(s) or {scores.shape[1]} teacher scores a row, "
            f"the label column has shape {tuple(labels.shape)}"
        )
    return F.mse_loss(margins, wanted.to(margins.dtype))


def kl_distillation(scores: Tensor, labels: Tensor, temperature: float, name: str) -> Tensor:
    """KL of the teacher's softmax to the student's, times the squared temperature."""
    if labels.shape != scores.shape:
        raise LossError(
            f"{name} needs one teacher score a document, {scores.shape[1]} a row; "
            f"the label column has shape {tuple(labels.shape)}"
        )
    student = F.log_softmax(scores / temperature, dim=1)
    teacher = F.log_softmax(labels.to(scores.dtype) / temperature, dim=1)
    return F.kl_div(student, teacher, reduction="batchmean", log_target=True) * temperature**2


class _Distillation(EmbeddingLoss):
    columns = (2, None)
    needs_labels = True

    def __init__(self, model: Any, similarity_fct: Any = pairwise_dot_score) -> None:
        super().__init__(model)
        self.similarity_fct = similarity_fct

    def scores(self, embeddings: list[Tensor]) -> Tensor:
        """The student's score of each document for its query: (rows, documents)."""
        return torch.stack([self.similarity_fct(embeddings[0], document) for document in embeddings[1:]], dim=1)


class MarginMSELoss(_Distillation):
    """MarginMSE (arXiv:2010.02666) over (query, positive, negatives...), labels: margins or teacher scores."""

    columns = (3, None)
    cites = "margin-mse"

    def __init__(self, model: Any, similarity_fct: Any = pairwise_dot_score) -> None:
        super().__init__(model, similarity_fct)
        self.loss_fct = nn.MSELoss()

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Mean over rows and negatives."""
        return margin_mse(self.scores(embeddings), labels, type(self).__name__)  # type: ignore[arg-type]

    def get_config_dict(self) -> dict[str, Any]:
        return {"similarity_fct": name_of(self.similarity_fct)}


class DistillKLDivLoss(_Distillation):
    """KL divergence from the teacher's distribution over the documents of a query (arXiv:2010.11386)."""

    cites = "kl-distill"

    def __init__(self, model: Any, similarity_fct: Any = pairwise_dot_score, temperature: float = 1.0) -> None:
        super().__init__(model, similarity_fct)
        self.temperature = temperature

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Mean over the queries."""
        return kl_distillation(self.scores(embeddings), labels, self.temperature, type(self).__name__)  # type: ignore[arg-type]

    def get_config_dict(self) -> dict[str, Any]:
        return {"similarity_fct": name_of(self.similarity_fct), "temperature": self.temperature}
