"""Encoders that normalise after each sublayer, over packed tokens: BERT and those that kept its plan."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..layout import Config, PostNormLayout, buckets, epsilon
from .activations import activation
from .attention import Reach, attend
from .tokens import PackedTokens
from .weights import TensorTable


@dataclass(frozen=True)
class PackedPostNorm:
    """A family of the BERT plan."""

    layout: PostNormLayout

    @property
    def prefix(self) -> str:
        """What a model with a head puts before the names of its backbone's tensors."""
        return self.layout.prefix

    def hidden(self, weights: TensorTable, config: Config, tokens: PackedTokens, *, first_only: bool = False) -> Tensor:
        """The last hidden states, (tokens, width); of each text's first token alone if `first_only`, (texts, width)."""
        hidden = self._embedded(weights, config, tokens)
        reach = Reach(bias=_relative_bias(weights, config)) if self.layout.has_relative_positions else Reach()
        layers = int(config[self.layout.keys.layers])
        for number in range(layers):
            narrow = first_only and number == layers - 1
            hidden = self._layer(weights, config, f"{self.layout.layers}.{number}", hidden, tokens, reach, narrow)
        return hidden

    def terms(self, weights: TensorTable, config: Config, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """What is multiplied with the vocabulary, the vocabulary's weights (terms, width), and their bias."""
        heads = self.layout.heads
        hidden = activation(config[self.layout.keys.activation], weights.linear(hidden, heads.transform))
        hidden = weights.norm(hidden, heads.transform_norm, epsilon(config))
        decoder = weights.get(heads.decoder)
        return (
            hidden,
            weights["embeddings.word_embeddings.weight"] if decoder is None else decoder,
            weights[heads.decoder_bias],
        )

    def classified(self, weights: TensorTable, config: Config, hidden: Tensor, tokens: PackedTokens) -> Tensor:  # noqa: ARG002 - as others
        """Class logits from the first tokens, (texts, labels)."""
        heads = self.layout.heads
        dense = weights.linear(hidden, heads.dense)
        dense = torch.tanh(dense) if heads.dense_activation == "Tanh" else torch.relu(dense)
        return weights.linear(dense, heads.labels)

    def _embedded(self, weights: TensorTable, config: Config, tokens: PackedTokens) -> Tensor:
        places = tokens.places
        if self.layout.positions_after_padding:
            places = _places_after_padding(tokens, int(config.get("pad_token_id", 1)))
        summed = functional.embedding(tokens.ids, weights["embeddings.word_embeddings.weight"])
        summed = summed + functional.embedding(places, weights["embeddings.position_embeddings.weight"])
        types = weights.get("embeddings.token_type_embeddings.weight")
        if types is not None:
            summed = summed + (functional.embedding(tokens.type_ids, types) if self.layout.has_types else types[0])
        return weights.norm(summed, "embeddings.LayerNorm", epsilon(config))

    def _layer(
        self,
        weights: TensorTable,
        config: Config,
        layer: str,
        hidden: Tensor,
        tokens: PackedTokens,
        reach: Reach,
        narrow: bool,
    ) -> Tensor:
        names, heads = self.layout.names, int(config[self.layout.keys.heads])
        asking = hidden[tokens.first] if narrow else hidden
        query, key, value = (
            weights.linear(x, f"{layer}.{name}").view(len(x), heads, -1)
            for x, name in ((asking, names.query), (hidden, names.key), (hidden, names.value))
        )
        attended = attend(query, key, value, tokens, reach, first_only=narrow).flatten(1)
        hidden = weights.linear(attended, f"{layer}.{names.projection}").add_(asking)
        hidden = weights.norm(hidden, f"{layer}.{names.attention_norm}", epsilon(config))
        grown = activation(config[self.layout.keys.activation], weights.linear(hidden, f"{layer}.{names.inner}"))
        hidden = weights.linear(grown, f"{layer}.{names.outer}").add_(hidden)
        return weights.norm(hidden, f"{layer}.{names.norm}", epsilon(config))


def _places_after_padding(tokens: PackedTokens, padding: int) -> Tensor:
    """int64 (tokens,): the n-th token of a text that is not padding stands at `padding` + n."""
    present = (tokens.ids != padding).long()
    counted = present.cumsum(0)
    before = (counted - present)[tokens.first].repeat_interleave(tokens.counts)
    return (counted - before) * present + padding


def _relative_bias(weights: TensorTable, config: Config) -> "_RelativeBias":
    table = weights["encoder.relative_attention_bias.weight"]
    longest = int(config["max_position_embeddings"])
    rows = buckets(np.arange(-longest, longest + 1), len(table))
    return _RelativeBias(table[torch.from_numpy(rows).to(table.device)], longest)


class _RelativeBias:
    """One learned number for each head and bucket of distances; computed once for each length."""

    def __init__(self, by_distance: Tensor, longest: int) -> None:
        self._by_distance = by_distance
        self._longest = longest
        self._known: dict[int, Tensor] = {}

    def __call__(self, length: int) -> Tensor:
        if length not in self._known:
            places = torch.arange(length, device=self._by_distance.device)
            distance = places[None, :] - places[:, None] + self._longest
            self._known[length] = self._by_distance[distance].permute(2, 0, 1).unsqueeze(0)
        return self._known[length]
