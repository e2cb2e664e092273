"""Models whose earlier layers are good models, too."""

import random
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .base import EmbeddingLoss, Features, finite
from .errors import LossError


class AdaptiveLayerLoss(EmbeddingLoss):
    """A loss on the last and on earlier layers, the earlier ones drawn to it by KL (arXiv:2402.14776)."""

    columns = (1, None)
    cites = "2d-matryoshka"

    def __init__(
        self,
        model: Any,
        loss: Any,
        n_layers_per_step: int = 1,
        last_layer_weight: float = 1.0,
        prior_layers_weight: float = 1.0,
        kl_div_weight: float = 1.0,
        kl_temperature: float = 0.3,
    ) -> None:
        super().__init__(model)
        if not isinstance(loss, EmbeddingLoss):
            raise LossError(f"AdaptiveLayerLoss wraps a loss on embeddings, {type(loss).__name__} is none")
        self.loss = loss
        self.n_layers_per_step = n_layers_per_step
        self.last_layer_weight, self.prior_layers_weight = last_layer_weight, prior_layers_weight
        self.kl_div_weight, self.kl_temperature = kl_div_weight, kl_temperature

    def check(self, columns: int, labels: Tensor | None) -> None:
        """What the wrapped loss asks for."""
        self.loss.check(columns, labels)

    def forward(self, sentence_features: Any, labels: Tensor | None = None) -> Any:
        """The value over the last and some earlier layers; every column passes the transformer once."""
        features: list[Features] = list(sentence_features)
        self.check(len(features), labels)
        context = self.loss.context(features)
        layers = [self._hidden_states(column) for column in features]
        final = [self._rest(column) for column, _ in layers]
        value = self.loss.compute_loss_from_embeddings(final, labels, context) * self.last_layer_weight
        count = len(layers[0][1]) - 1
        chosen = self._chosen(count)
        for layer in chosen:
            early = [self._rest({**column, "token_embeddings": states[layer]}) for column, states in layers]
            here = self.loss.compute_loss_from_embeddings(early, labels, context)
            value = value + here / (1 + layer) / len(chosen) * self.prior_layers_weight
            if self.kl_temperature > 0:
                value = value + self._divergence(early, final) * self.kl_div_weight
        return finite(self, value)

    def _hidden_states(self, column: Features) -> tuple[Features, list[Tensor]]:
        transformer = self.model[0]
        config = transformer.auto_model.config
        before = config.output_hidden_states
        config.output_hidden_states = True
        try:
            out = transformer(dict(column))
        finally:
            config.output_hidden_states = before
        return out, list(out["all_layer_embeddings"])

    def _rest(self, features: Features) -> Tensor:
        current: Any = dict(features)
        for module in list(self.model)[1:]:
            current = module(current)
        embedding: Tensor = current["sentence_embedding"]
        return embedding

    def _chosen(self, layers: int) -> list[int]:
        if 0 < self.n_layers_per_step < layers:
            return random.sample(range(layers), self.n_layers_per_step)
        return list(range(layers))

    def _divergence(self, early: list[Tensor], final: list[Tensor]) -> Tensor:
        student = F.log_softmax(torch.cat(early) / self.kl_temperature, dim=-1)
        teacher = F.softmax(torch.cat(final) / self.kl_temperature, dim=-1)
        return F.kl_div(student, teacher, reduction="batchmean") * self.kl_temperature

    def get_config_dict(self) -> dict[str, Any]:
        return {
            "loss": type(self.loss).__name__,
            "n_layers_per_step": self.n_layers_per_step,
            "last_layer_weight": self.last_layer_weight,
            "prior_layers_weight": self.prior_layers_weight,
            "kl_div_weight": self.kl_div_weight,
            "kl_temperature": self.kl_temperature,
        }
