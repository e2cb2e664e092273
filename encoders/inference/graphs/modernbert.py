"""ModernBERT: Warner et al. 2024. Norms before each sublayer, rotary positions, gated layers, local attention."""

from dataclasses import dataclass

import numpy as np

from ..layout import MODERNBERT_PREFIX, Config, layer_types, rotary_base
from .family import Terms, activation, first_token, keep_first
from .net import Net
from .relative import distances
from .weights import Weights

_FAR = -1e9


@dataclass(frozen=True)
class ModernBert:
    """The family."""

    prefix: str = MODERNBERT_PREFIX
    inputs: tuple[str, ...] = ("input_ids", "attention_mask")

    def backbone(self, net: Net, weights: Weights, config: Config, first_only: bool = False) -> str:
        """The hidden states of the last layer, (batch, tokens, hidden), or (batch, 1, hidden) of the first token."""
        mask = net.op("Cast", "attention_mask", to=6)
        words = net.constant("word_embeddings", weights["embeddings.tok_embeddings.weight"])
        hidden = _norm(net, weights, config, "embeddings.norm", net.op("Gather", words, "input_ids", axis=0))
        local = _local_bias(net, int(config["local_attention"]) // 2)
        kinds = layer_types(config)
        for number, kind in enumerate(kinds):
            narrow = first_only and number == len(kinds) - 1
            name = f"layers.{number}"
            given = hidden if number == 0 else _norm(net, weights, config, f"{name}.attn_norm", hidden)
            bias = local if kind == "sliding_attention" else ""
            attended = _attention(net, weights, config, f"{name}.attn", given, mask, kind, bias, narrow)
            hidden = keep_first(net, hidden) if narrow else hidden
            hidden = net.op("Add", hidden, attended)
            given = _norm(net, weights, config, f"{name}.mlp_norm", hidden)
            hidden = net.op("Add", hidden, _gated(net, weights, config, f"{name}.mlp", given))
        return _norm(net, weights, config, "final_norm", hidden)

    def terms(self, net: Net, weights: Weights, config: Config, hidden: str) -> Terms:
        """The prediction head; the decoder is the table of words unless it has its own."""
        decoder = weights.get("decoder.weight")
        words = weights["embeddings.tok_embeddings.weight"] if decoder is None else decoder
        bias = weights.get("decoder.bias")
        return Terms(_head(net, weights, config, hidden), words, np.zeros(len(words)) if bias is None else bias)

    def classified(self, net: Net, weights: Weights, config: Config, hidden: str) -> str:
        """Class logits from the first token, or from the mean of all."""
        if config.get("classifier_pooling", "cls") == "mean":
            mask = net.op("Cast", "attention_mask", to=1)
            summed = net.op("Squeeze", net.op("MatMul", net.op("Unsqueeze", mask, net.ints(1)), hidden), net.ints(1))
            pooled = net.op("Div", summed, net.op("ReduceSum", mask, net.ints(1), keepdims=1))
        else:
            pooled = first_token(net, hidden)
        pooled = _head(net, weights, config, pooled)
        return net.linear(pooled, "classifier", weights["classifier.weight"], weights.get("classifier.bias"))


def _attention(
    net: Net, weights: Weights, config: Config, name: str, x: str, mask: str, kind: str, bias: str, narrow: bool
) -> str:
    heads = int(config["num_attention_heads"])
    stacked = net.linear(x, f"{name}.Wqkv", weights[f"{name}.Wqkv.weight"], weights.get(f"{name}.Wqkv.bias"))
    query, key, value = net.split("Split", stacked, outputs=3, axis=-1, num_outputs=3)
    query, key = (_rotated(net, config, part, kind, heads) for part in (query, key))
    if narrow:
        query, bias = keep_first(net, query), bias and keep_first(net, bias, 2)
    inputs = [query, key, value, "", mask, *([bias] if bias else [])]
    attended = net.contrib("MultiHeadAttention", *inputs, num_heads=heads)
    return net.linear(attended, f"{name}.Wo", weights[f"{name}.Wo.weight"], weights.get(f"{name}.Wo.bias"))


def _rotated(net: Net, config: Config, x: str, kind: str, heads: int) -> str:
    """Rotary position embedding (Su et al. 2021, equation 34), halves of a head rotated against each other."""
    half = int(config["hidden_size"]) // heads // 2
    frequencies = rotary_base(config, kind) ** -(np.arange(half) / half)
    angles = np.arange(int(config["max_position_embeddings"]))[:, None] * frequencies
    tables = (net.constant(f"{kind}.cos", np.cos(angles)), net.constant(f"{kind}.sin", np.sin(angles)))
    return net.contrib("RotaryEmbedding", x, net.ints(0), *tables, num_heads=heads, interleaved=0)


def _gated(net: Net, weights: Weights, config: Config, name: str, x: str) -> str:
    grown = net.linear(x, f"{name}.Wi", weights[f"{name}.Wi.weight"], weights.get(f"{name}.Wi.bias"))
    inner, gate = net.split("Split", grown, outputs=2, axis=-1, num_outputs=2)
    inner = activation(net, str(config.get("hidden_activation", "gelu")), inner)
    product = net.op("Mul", inner, gate)
    return net.linear(product, f"{name}.Wo", weights[f"{name}.Wo.weight"], weights.get(f"{name}.Wo.bias"))


def _head(net: Net, weights: Weights, config: Config, x: str) -> str:
    dense = net.linear(x, "head.dense", weights["head.dense.weight"], weights.get("head.dense.bias"))
    return _norm(
        net, weights, config, "head.norm", activation(net, str(config.get("classifier_activation", "gelu")), dense)
    )


def _norm(net: Net, weights: Weights, config: Config, name: str, x: str) -> str:
    return net.norm(x, name, weights[f"{name}.weight"], weights.get(f"{name}.bias"), float(config["norm_eps"]))


def _local_bias(net: Net, reach: int) -> str:
    """float32 (1, 1, tokens, tokens): 0 for keys within `reach` tokens of the query."""
    far = net.op("Greater", net.op("Abs", distances(net)), net.scalar(reach))
    bias = net.op("Where", far, net.constant("far", _FAR), net.constant("near", 0.0))
    return net.op("Unsqueeze", bias, net.ints(0, 1))


MODERNBERT = ModernBert()
