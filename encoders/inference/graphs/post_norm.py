"""Encoders that normalise after each sublayer, as ONNX graphs: BERT and those that kept its plan."""

from dataclasses import dataclass

import numpy as np

from ..layout import Config, PostNormLayout, epsilon
from .family import Terms, activation, first_token, keep_first
from .net import CONTRIB, Net
from .relative import position_bias
from .weights import Weights


@dataclass(frozen=True)
class PostNorm:
    """A family of the BERT plan, written as a graph."""

    layout: PostNormLayout

    @property
    def prefix(self) -> str:
        """What a model with a head puts before the names of its backbone's tensors."""
        return self.layout.prefix

    @property
    def inputs(self) -> tuple[str, ...]:
        """The graph's inputs."""
        return ("input_ids", "attention_mask", *(["token_type_ids"] if self.layout.has_types else []))

    def backbone(self, net: Net, weights: Weights, config: Config, first_only: bool = False) -> str:
        """The hidden states of the last layer, (batch, tokens, hidden), or (batch, 1, hidden) of the first token."""
        mask = net.op("Cast", "attention_mask", to=6)
        hidden = self._embedded(net, weights, config)
        heads = int(config[self.layout.keys.heads])
        bias = position_bias(net, weights, config) if self.layout.has_relative_positions else ""
        layers = int(config[self.layout.keys.layers])
        for number in range(layers):
            name = f"{self.layout.layers}.{number}"
            narrow = first_only and number == layers - 1
            attended = self._attention(net, weights, name, hidden, mask, heads, bias, narrow)
            hidden = keep_first(net, hidden) if narrow else hidden
            names = (f"{name}.{self.layout.names.projection}", f"{name}.{self.layout.names.attention_norm}")
            hidden = _residual(net, weights, names, attended, hidden, epsilon(config))
            inner = f"{name}.{self.layout.names.inner}"
            grown = net.linear(hidden, inner, weights[f"{inner}.weight"], weights[f"{inner}.bias"])
            grown = activation(net, str(config.get(self.layout.keys.activation, "gelu")), grown)
            names = (f"{name}.{self.layout.names.outer}", f"{name}.{self.layout.names.norm}")
            hidden = _residual(net, weights, names, grown, hidden, epsilon(config))
        return hidden

    def terms(self, net: Net, weights: Weights, config: Config, hidden: str) -> Terms:
        """Linear layer, activation, norm; then the decoder, which is the table of words unless it has its own."""
        heads = self.layout.heads
        hidden = net.linear(
            hidden, "mlm.transform", weights[f"{heads.transform}.weight"], weights[f"{heads.transform}.bias"]
        )
        hidden = activation(net, str(config.get(self.layout.keys.activation, "gelu")), hidden)
        norm = (weights[f"{heads.transform_norm}.weight"], weights[f"{heads.transform_norm}.bias"])
        hidden = net.norm(hidden, "mlm.norm", *norm, epsilon(config))
        decoder = weights.get(heads.decoder)
        words = weights["embeddings.word_embeddings.weight"] if decoder is None else decoder
        return Terms(hidden, words, weights[heads.decoder_bias])

    def classified(self, net: Net, weights: Weights, config: Config, hidden: str) -> str:  # noqa: ARG002 - as others
        """Class logits from the first token."""
        heads = self.layout.heads
        dense = net.linear(
            first_token(net, hidden), "pooler", weights[f"{heads.dense}.weight"], weights[f"{heads.dense}.bias"]
        )
        dense = net.op(heads.dense_activation, dense)
        return net.linear(dense, "classifier", weights[f"{heads.labels}.weight"], weights[f"{heads.labels}.bias"])

    def _embedded(self, net: Net, weights: Weights, config: Config) -> str:
        positions = weights["embeddings.position_embeddings.weight"]
        types = weights.get("embeddings.token_type_embeddings.weight")
        if types is not None and not self.layout.has_types:
            positions = positions + types[0]
        ids = net.op("Cast", "input_ids", to=6)
        inputs = [
            ids,
            net.op("Cast", "token_type_ids", to=6) if self.layout.has_types else "",
            net.constant("word_embeddings", weights["embeddings.word_embeddings.weight"]),
            net.constant("position_embeddings", positions),
            net.constant("type_embeddings", types) if types is not None and self.layout.has_types else "",
            net.constant("embeddings.norm.weight", weights["embeddings.LayerNorm.weight"]),
            net.constant("embeddings.norm.bias", weights["embeddings.LayerNorm.bias"]),
        ]
        if self.layout.positions_after_padding:
            inputs += ["", _positions(net, ids, int(config.get("pad_token_id", 1)))]
        return net.split("EmbedLayerNormalization", *inputs, outputs=2, domain=CONTRIB, epsilon=epsilon(config))[0]

    def _attention(
        self, net: Net, weights: Weights, name: str, hidden: str, mask: str, heads: int, bias: str, narrow: bool
    ) -> str:
        parts = [f"{name}.{part}" for part in (self.layout.names.query, self.layout.names.key, self.layout.names.value)]
        stacked = np.concatenate([weights[f"{part}.weight"] for part in parts])
        biases = np.concatenate([weights[f"{part}.bias"] for part in parts])
        if not narrow:
            return net.attention(hidden, f"{name}.attention", stacked, biases, mask, heads, bias)
        size = len(stacked) // 3
        query = net.linear(keep_first(net, hidden), f"{name}.query", stacked[:size], biases[:size])
        others = net.linear(hidden, f"{name}.key_value", stacked[size:], biases[size:])
        key, value = net.split("Split", others, outputs=2, axis=-1, num_outputs=2)
        inputs = [query, key, value, "", mask, *([keep_first(net, bias, 2)] if bias else [])]
        return net.contrib("MultiHeadAttention", *inputs, num_heads=heads)


def _positions(net: Net, ids: str, padding: int) -> str:
    """int32 (batch, tokens): the n-th token that is not padding stands at `padding` + n."""
    one = net.constant(f"padding_{padding}", padding, np.int32)
    present = net.op("Cast", net.op("Not", net.op("Equal", ids, one)), to=6)
    counted = net.op("Mul", net.op("CumSum", present, net.constant("axis_1", 1, np.int32)), present)
    return net.op("Add", counted, one)


def _residual(net: Net, weights: Weights, names: tuple[str, str], x: str, skip: str, epsilon: float) -> str:
    dense, norm = names
    return net.contrib(
        "SkipLayerNormalization",
        net.matmul(x, dense, weights[f"{dense}.weight"]),
        skip,
        net.constant(f"{norm}.weight", weights[f"{norm}.weight"]),
        net.constant(f"{norm}.bias", weights[f"{norm}.bias"]),
        net.constant(f"{dense}.bias", weights[f"{dense}.bias"]),
        epsilon=epsilon,
    )
