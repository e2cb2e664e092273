"""A number or an embedding that the model should arrive at."""

from typing import Any

import torch
from torch import Tensor, nn

from .base import EmbeddingLoss, dotted_name, label_per_row
from .errors import LossError


class CosineSimilarityLoss(EmbeddingLoss):
    """||label - cos(u, v)||^2 over (text, text, score): Sentence-BERT (arXiv:1908.10084, section 3)."""

    columns = (2, 2)
    needs_labels = True

    def __init__(
        self, model: Any, loss_fct: nn.Module | None = None, cos_score_transformation: nn.Module | None = None
    ) -> None:
        super().__init__(model)
        self.loss_fct = loss_fct or nn.MSELoss()
        self.cos_score_transformation = cos_score_transformation or nn.Identity()

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Mean over the rows."""
        wanted = label_per_row(self, labels, len(embeddings[0]))  # type: ignore[arg-type]
        scores = self.cos_score_transformation(torch.cosine_similarity(embeddings[0], embeddings[1]))
        return self.loss_fct(scores, wanted.to(scores.dtype))

    def get_config_dict(self) -> dict[str, Any]:
        return {"loss_fct": dotted_name(self.loss_fct)}


class MSELoss(EmbeddingLoss):
    """Squared distance to a teacher's embedding, for one or several texts a row (arXiv:2004.09813, section 2)."""

    columns = (1, None)
    needs_labels = True
    cites = "multilingual"

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.loss_fct = nn.MSELoss()

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Mean over rows, columns and dimensions; a longer teacher is cut."""
        width = embeddings[0].shape[-1]
        if labels is None or labels.dim() != 2 or labels.shape[1] < width:
            shape = None if labels is None else tuple(labels.shape)
            raise LossError(
                f"{type(self).__name__} needs the teacher's embeddings as labels, at least {width} numbers a row; "
                f"the label column has shape {shape}"
            )
        return self.loss_fct(torch.cat(embeddings), labels[:, :width].repeat(len(embeddings), 1))
