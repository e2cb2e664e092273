"""A top-k sparse auto-encoder on top of a dense embedding (CSR, arXiv:2503.01776)."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from .module import Features
from .weighted import WeightedModule

_EPSILON = 1e-5
# A latent counts as active in a batch from this value on.
_ACTIVE = 1e-3


@dataclass(frozen=True)
class _Scale:
    """What normalising took away, to be put back after decoding."""

    mean: Tensor
    deviation: Tensor


class _Tied(nn.Module):
    """The transpose of another linear layer, with the same weights."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, latents: Tensor) -> Tensor:
        return nn.functional.linear(latents, self.linear.weight.t())


class SparseAutoEncoder(WeightedModule):
    """Keeps the `k` largest latents as the sparse embedding, and adds what its reconstruction loss needs."""

    config_keys: ClassVar[list[str]] = ["input_dim", "hidden_dim", "k", "k_aux", "normalize", "dead_threshold"]

    def __init__(
        self,
        input_dim: int,
        hidden_dim: int = 512,
        k: int = 8,
        k_aux: int = 512,
        normalize: bool = False,
        dead_threshold: int = 30,
    ) -> None:
        super().__init__()
        self.input_dim, self.hidden_dim = input_dim, hidden_dim
        self.k, self.k_aux = k, k_aux
        self.normalize, self.dead_threshold = normalize, dead_threshold
        self.pre_bias = nn.Parameter(torch.zeros(input_dim))
        self.encoder = nn.Linear(input_dim, hidden_dim, bias=False)
        self.latent_bias = nn.Parameter(torch.zeros(hidden_dim))
        self.decoder = _Tied(self.encoder)
        self.stats_last_nonzero: Tensor
        self.register_buffer("stats_last_nonzero", torch.zeros(hidden_dim, dtype=torch.long))

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Replace `sentence_embedding` by the sparse one; the dense one stays as `…_backbone`."""
        given, scale = self._normalised(features["sentence_embedding"])
        latents = self.encoder(given - self.pre_bias) + self.latent_bias
        sparse = self.top_k(latents, self.k)
        # The multi-k term reads the dead latents only, as the auxiliary one does: so does the reference.
        dead = latents * (self.stats_last_nonzero > self.dead_threshold)
        wider = self.top_k(dead, min(4 * self.k, self.hidden_dim))
        auxiliary = _largest(dead, min(self.k_aux, self.hidden_dim))
        reconstructed = self._decode(sparse, scale)
        features.update(
            {
                "sentence_embedding": sparse,
                "sentence_embedding_backbone": given,
                "sentence_embedding_encoded": dead,
                "sentence_embedding_encoded_4k": wider,
                "auxiliary_embedding": auxiliary,
                "decoded_embedding_k": reconstructed,
                "decoded_embedding_4k": self._decode(wider, scale),
                "decoded_embedding_aux": self._decode(auxiliary, scale),
                "decoded_embedding_k_pre_bias": reconstructed - self.pre_bias,
            }
        )
        return features

    def top_k(self, latents: Tensor, k: int) -> Tensor:
        """The `k` largest latents of each row, never negative; training counts how long each has been silent."""
        kept = _largest(latents, k)
        if self.training:
            with torch.no_grad():
                active = (kept > _ACTIVE).any(dim=0)
                self.stats_last_nonzero *= ~active
                self.stats_last_nonzero += 1
        return kept

    def _normalised(self, values: Tensor) -> tuple[Tensor, _Scale | None]:
        if not self.normalize:
            return values, None
        mean = values.mean(dim=-1, keepdim=True)
        centred = values - mean
        deviation = centred.std(dim=-1, keepdim=True)
        return centred / (deviation + _EPSILON), _Scale(mean, deviation)

    def _decode(self, latents: Tensor, scale: _Scale | None) -> Tensor:
        decoded: Tensor = self.decoder(latents) + self.pre_bias
        return decoded if scale is None else decoded * scale.deviation + scale.mean

    def get_sentence_embedding_dimension(self) -> int:
        """Dimensions of the sparse embedding."""
        return self.hidden_dim

    def __repr__(self) -> str:
        return f"SparseAutoEncoder({self.get_config_dict()})"


def _largest(latents: Tensor, k: int) -> Tensor:
    top = latents.topk(k, dim=-1)
    return torch.relu(torch.zeros_like(latents).scatter(-1, top.indices, top.values))
