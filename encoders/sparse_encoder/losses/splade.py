"""Ranking with a price on every active term."""

import logging
from typing import Any

import torch
from torch import Tensor

from ...losses.base import EmbeddingLoss, Features, finite

logger = logging.getLogger(__name__)


class FlopsLoss(EmbeddingLoss):
    """Squared mean activation, summed over the vocabulary: FLOPS (arXiv:2004.05665).

    With `threshold`, only rows with more active terms than that are paid for.
    """

    columns = (1, None)
    cites = "flops"

    def __init__(self, model: Any, threshold: float | None = None) -> None:
        super().__init__(model)
        self.threshold = threshold

    def compute_loss_from_embeddings(self, embeddings: Any, labels: Tensor | None = None, context: Any = None) -> Any:  # noqa: ARG002
        """One number for a tensor of (rows, vocabulary), or for a list of columns."""
        rows = torch.cat(embeddings) if isinstance(embeddings, list) else embeddings
        if self.threshold is not None:
            rows = rows * ((rows != 0).sum(dim=1, keepdim=True) > self.threshold)
        return rows.mean(dim=0).square().sum()

    def get_config_dict(self) -> dict[str, Any]:
        return {"threshold": self.threshold}


class SpladeLoss(EmbeddingLoss):
    """A ranking or distillation loss plus weighted regularisers of documents and queries (arXiv:2109.10086)."""

    columns = (1, None)
    cites = "splade"

    def __init__(
        self,
        model: Any,
        loss: Any,
        document_regularizer_weight: float,
        query_regularizer_weight: float | None = None,
        document_regularizer: Any = None,
        query_regularizer: Any = None,
        document_regularizer_threshold: int | None = None,
        query_regularizer_threshold: int | None = None,
        use_document_regularizer_only: bool = False,
    ) -> None:
        super().__init__(model)
        self.loss = loss
        self.document_regularizer_weight = document_regularizer_weight
        self.query_regularizer_weight = query_regularizer_weight
        self.document_regularizer = document_regularizer or FlopsLoss(model, document_regularizer_threshold)
        self.query_regularizer = query_regularizer or FlopsLoss(model, query_regularizer_threshold)
        self.document_regularizer_threshold = document_regularizer_threshold
        self.query_regularizer_threshold = query_regularizer_threshold
        self.use_document_regularizer_only = use_document_regularizer_only
        if query_regularizer_weight is None and not use_document_regularizer_only:
            logger.warning(
                "query_regularizer_weight is None: queries are not made sparse, as inference-free models need"
            )

    def forward(self, sentence_features: Any, labels: Tensor | None = None) -> Any:
        """The parts of the value, by name."""
        features: list[Features] = list(sentence_features)
        self.loss.check(len(features), labels)
        embeddings = self.embed(features)
        value = self.loss.compute_loss_from_embeddings(embeddings, labels, self.loss.context(features))
        parts = value if isinstance(value, dict) else {"base_loss": value}
        return finite(self, {**parts, **self._regularisers(embeddings)})

    def _regularisers(self, embeddings: list[Tensor]) -> dict[str, Tensor]:
        documents = torch.cat(embeddings if self.use_document_regularizer_only else embeddings[1:])
        price = self.document_regularizer.compute_loss_from_embeddings(documents)
        parts = {"document_regularizer_loss": price * self.document_regularizer_weight}
        if self.query_regularizer_weight is not None:
            price = self.query_regularizer.compute_loss_from_embeddings(embeddings[0])
            parts["query_regularizer_loss"] = price * self.query_regularizer_weight
        return parts

    def get_config_dict(self) -> dict[str, Any]:
        settings = {"loss": self.loss, "document_regularizer_weight": self.document_regularizer_weight}
        given = ("query_regularizer_weight", "document_regularizer_threshold", "query_regularizer_threshold")
        return settings | {name: getattr(self, name) for name in given if getattr(self, name) is not None}
