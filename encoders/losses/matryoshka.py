"""Embeddings whose first dimensions are good embeddings, too."""

import random
from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from .adaptive_layers import AdaptiveLayerLoss
from .base import EmbeddingLoss, Features
from .errors import LossError


class MatryoshkaLoss(EmbeddingLoss):
    """A loss summed over prefixes of the embeddings, each renormalised (arXiv:2205.13147, eq. 1)."""

    columns = (1, None)
    cites = "matryoshka"

    def __init__(
        self,
        model: Any,
        loss: Any,
        matryoshka_dims: Sequence[int],
        matryoshka_weights: Sequence[float] | None = None,
        n_dims_per_step: int = -1,
    ) -> None:
        super().__init__(model)
        if not isinstance(loss, EmbeddingLoss):
            raise LossError(
                f"MatryoshkaLoss wraps a loss on embeddings; {type(loss).__name__} has no compute_loss_from_embeddings"
            )
        if not matryoshka_dims:
            raise LossError("matryoshka_dims is empty; name at least one number of dimensions")
        weights = list(matryoshka_weights) if matryoshka_weights is not None else [1] * len(matryoshka_dims)
        if len(weights) != len(matryoshka_dims):
            raise LossError(f"{len(matryoshka_dims)} matryoshka_dims need as many weights, there are {len(weights)}")
        self.loss = loss
        largest_first = sorted(zip(matryoshka_dims, weights, strict=True), key=lambda pair: pair[0], reverse=True)
        self.matryoshka_dims = tuple(dim for dim, _ in largest_first)
        self.matryoshka_weights = tuple(weight for _, weight in largest_first)
        self.n_dims_per_step = n_dims_per_step

    def embed(self, features: list[Features]) -> list[Tensor]:
        """As the wrapped loss does: at once, or in slices."""
        return self.loss.embed(features)

    def context(self, features: list[Features]) -> Any:
        """That of the wrapped loss."""
        return self.loss.context(features)

    def check(self, columns: int, labels: Tensor | None) -> None:
        """What the wrapped loss asks for."""
        self.loss.check(columns, labels)

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:
        """Weighted sum over the prefixes."""
        width = embeddings[0].shape[-1]
        if self.matryoshka_dims[0] > width:
            raise LossError(f"matryoshka_dims asks for {self.matryoshka_dims[0]} dimensions, the model has {width}")
        total: Any = 0.0
        for index in self._chosen():
            cut = [F.normalize(column[..., : self.matryoshka_dims[index]], dim=-1) for column in embeddings]
            value = self.loss.compute_loss_from_embeddings(cut, labels, context)
            total = total + self.matryoshka_weights[index] * value
        return total

    def _chosen(self) -> list[int]:
        every = range(len(self.matryoshka_dims))
        if 0 < self.n_dims_per_step < len(every):
            return sorted(random.sample(every, self.n_dims_per_step))
        return list(every)

    def get_config_dict(self) -> dict[str, Any]:
        return {
            "loss": type(self.loss).__name__,
            "matryoshka_dims": self.matryoshka_dims,
            "matryoshka_weights": self.matryoshka_weights,
            "n_dims_per_step": self.n_dims_per_step,
        }


class Matryoshka2dLoss(AdaptiveLayerLoss):
    """Matryoshka over dimensions and layers (arXiv:2402.14776)."""

    def __init__(
        self,
        model: Any,
        loss: Any,
        matryoshka_dims: Sequence[int],
        matryoshka_weights: Sequence[float] | None = None,
        n_layers_per_step: int = 1,
        n_dims_per_step: int = 1,
        last_layer_weight: float = 1.0,
        prior_layers_weight: float = 1.0,
        kl_div_weight: float = 1.0,
        kl_temperature: float = 0.3,
    ) -> None:
        prefixes = MatryoshkaLoss(model, loss, matryoshka_dims, matryoshka_weights, n_dims_per_step)
        super().__init__(
            model, prefixes, n_layers_per_step, last_layer_weight, prior_layers_weight, kl_div_weight, kl_temperature
        )

    def get_config_dict(self) -> dict[str, Any]:
        return {**super().get_config_dict(), **self.loss.get_config_dict()}
