"""A classifier over a pair."""

from typing import Any

import torch
from torch import Tensor, nn

from .base import EmbeddingLoss, Features, label_per_row
from .errors import LossError


class SoftmaxLoss(EmbeddingLoss):
    """Softmax over (u, v, |u - v|, u * v): the classification objective of Sentence-BERT (arXiv:1908.10084)."""

    columns = (2, 2)

    def __init__(
        self,
        model: Any,
        sentence_embedding_dimension: int,
        num_labels: int,
        concatenation_sent_rep: bool = True,
        concatenation_sent_difference: bool = True,
        concatenation_sent_multiplication: bool = False,
        loss_fct: nn.Module | None = None,
    ) -> None:
        super().__init__(model)
        self.num_labels = num_labels
        self.concatenation_sent_rep = concatenation_sent_rep
        self.concatenation_sent_difference = concatenation_sent_difference
        self.concatenation_sent_multiplication = concatenation_sent_multiplication
        parts = 2 * concatenation_sent_rep + concatenation_sent_difference + concatenation_sent_multiplication
        self.classifier = nn.Linear(parts * sentence_embedding_dimension, num_labels, device=model.device)
        self.loss_fct = loss_fct or nn.CrossEntropyLoss()

    def logits(self, embeddings: list[Tensor]) -> Tensor:
        """(rows, classes)."""
        u, v = embeddings
        parts = [u, v] if self.concatenation_sent_rep else []
        parts += [torch.abs(u - v)] if self.concatenation_sent_difference else []
        parts += [u * v] if self.concatenation_sent_multiplication else []
        value: Tensor = self.classifier(torch.cat(parts, dim=1))
        return value

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """The loss; (embeddings, logits) if there are no labels."""
        logits = self.logits(embeddings)
        if labels is None:
            return embeddings, logits
        classes = label_per_row(self, labels, len(embeddings[0])).long()
        if int(classes.min()) < 0 or int(classes.max()) >= self.num_labels:
            raise LossError(
                f"SoftmaxLoss has {self.num_labels} classes, numbered from 0; "
                f"the labels go from {int(classes.min())} to {int(classes.max())}"
            )
        return self.loss_fct(logits, classes)

    def forward(self, sentence_features: Any, labels: Tensor | None = None) -> Any:
        """As above: prediction for evaluators when `labels` is None."""
        features: list[Features] = list(sentence_features)
        if labels is not None:
            return super().forward(features, labels)
        self.check(len(features), labels)
        return self.compute_loss_from_embeddings(self.embed(features), None)

    def get_config_dict(self) -> dict[str, Any]:
        return {
            "num_labels": self.num_labels,
            "concatenation_sent_rep": self.concatenation_sent_rep,
            "concatenation_sent_difference": self.concatenation_sent_difference,
            "concatenation_sent_multiplication": self.concatenation_sent_multiplication,
            "loss_fct": f"{type(self.loss_fct).__module__}.{type(self.loss_fct).__name__}",
        }
