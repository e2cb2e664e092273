"""A sparse code that gives the dense embedding back: contrastive sparse representation."""

from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...losses.base import EmbeddingLoss, Features, finite
from ...losses.errors import LossError
from .embeddings import SparseMultipleNegativesRankingLoss


def reconstruction(output: Features) -> dict[str, Tensor]:
    """How far one column's embeddings are from what k, 4k and the silent latents decode to (arXiv:2503.01776)."""
    if "decoded_embedding_k" not in output:
        raise LossError("the reconstruction loss needs a model that ends in a SparseAutoEncoder; this one has none")
    dense = output["sentence_embedding_backbone"]
    residual = dense - output["decoded_embedding_k_pre_bias"].detach()
    spread = F.mse_loss(residual.mean(dim=0, keepdim=True).expand_as(residual), residual)
    silent = F.mse_loss(output["decoded_embedding_aux"], residual) / spread
    return {
        "reconstruction_loss_k": F.mse_loss(output["decoded_embedding_k"], dense),
        "reconstruction_loss_4k": F.mse_loss(output["decoded_embedding_4k"], dense) / 8,
        # A batch of one row has no spread.
        "reconstruction_loss_aux": silent.nan_to_num(0.0),
    }


class CSRReconstructionLoss(EmbeddingLoss):
    """L(k) + L(4k) / 8 + beta * L(aux), the mean over the columns (arXiv:2503.01776, section 3)."""

    columns = (1, None)
    cites = "csr"

    def __init__(self, model: Any, beta: float = 1.0) -> None:
        super().__init__(model)
        self.beta = beta

    def compute_loss_from_embeddings(self, embeddings: list[Any], labels: Any = None, context: Any = None) -> Any:  # noqa: ARG002
        """The three parts, by name, of each column's output: every embedding that the auto-encoder made."""
        columns = [reconstruction(output) for output in embeddings]
        parts = {name: torch.stack([column[name] for column in columns]).mean() for name in columns[0]}
        return parts | {"reconstruction_loss_aux": parts["reconstruction_loss_aux"] * self.beta}

    def forward(self, sentence_features: Iterable[Features], labels: Tensor | None = None) -> Any:
        """The three parts, by name."""
        features = list(sentence_features)
        self.check(len(features), labels)
        return finite(self, self.compute_loss_from_embeddings([self.model(dict(column)) for column in features]))

    def get_config_dict(self) -> dict[str, Any]:
        return {"beta": self.beta}


class CSRLoss(EmbeddingLoss):
    """Reconstruction plus gamma times a loss on the sparse embeddings (arXiv:2503.01776, section 3)."""

    columns = (1, None)
    cites = "csr"

    def __init__(self, model: Any, loss: Any = None, beta: float = 0.1, gamma: float = 1.0) -> None:
        super().__init__(model)
        self.loss = loss if loss is not None else SparseMultipleNegativesRankingLoss(model)
        self.beta, self.gamma = beta, gamma
        self.reconstruction_loss = CSRReconstructionLoss(model, beta)

    def forward(self, sentence_features: Iterable[Features], labels: Tensor | None = None) -> Any:
        """The parts of the value, by name."""
        features = list(sentence_features)
        self.loss.check(len(features), labels)
        outputs = [self.model(dict(column)) for column in features]
        embeddings = [output["sentence_embedding"] for output in outputs]
        value = self.loss.compute_loss_from_embeddings(embeddings, labels, self.loss.context(features))
        named = value if isinstance(value, dict) else {"base_loss": value}
        base = {name: part * self.gamma for name, part in named.items()}
        return finite(self, {**self.reconstruction_loss.compute_loss_from_embeddings(outputs), **base})

    def get_config_dict(self) -> dict[str, Any]:
        return {"beta": self.beta, "gamma": self.gamma, "loss": self.loss}
