"""BERT: Devlin et al. 2019, as transformers' BertModel lays it out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...errors import NotAModel
from .net import CONTRIB, Net
from .weights import Weights

PREFIX = "bert"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
# "gelu" is the exact one, by the error function; the others are told apart by config.json's hidden_act.
_ACTIVATIONS = {"gelu": "Gelu", "relu": "Relu"}


def backbone(net: Net, weights: Weights, config: Mapping[str, Any]) -> str:
    """The hidden states of the last layer, (batch, tokens, hidden)."""
    epsilon = float(config.get("layer_norm_eps", 1e-12))
    ids, mask, types = (net.op("Cast", name, to=6) for name in INPUTS)
    hidden, _ = net.split(
        "EmbedLayerNormalization",
        ids,
        types,
        net.constant("word_embeddings", weights["embeddings.word_embeddings.weight"]),
        net.constant("position_embeddings", weights["embeddings.position_embeddings.weight"]),
        net.constant("type_embeddings", weights["embeddings.token_type_embeddings.weight"]),
        net.constant("embeddings.norm.weight", weights["embeddings.LayerNorm.weight"]),
        net.constant("embeddings.norm.bias", weights["embeddings.LayerNorm.bias"]),
        outputs=2,
        domain=CONTRIB,
        epsilon=epsilon,
    )
    for number in range(int(config["num_hidden_layers"])):
        hidden = _layer(net, weights, config, f"encoder.layer.{number}", hidden, mask, epsilon)
    return hidden


def activation(net: Net, name: str, x: str) -> str:
    """The activation that config.json calls hidden_act."""
    if name not in _ACTIVATIONS:
        raise NotAModel(f"hidden_act {name!r} is not built here; known are {', '.join(_ACTIVATIONS)}")
    return net.op(_ACTIVATIONS[name], x) if name == "relu" else net.contrib(_ACTIVATIONS[name], x)


def _layer(
    net: Net, weights: Weights, config: Mapping[str, Any], name: str, hidden: str, mask: str, epsilon: float
) -> str:
    attended = _attention(net, weights, f"{name}.attention.self", hidden, mask, int(config["num_attention_heads"]))
    hidden = _residual(net, weights, f"{name}.attention.output", attended, hidden, epsilon)
    inner = net.linear(
        hidden,
        f"{name}.intermediate",
        weights[f"{name}.intermediate.dense.weight"],
        weights[f"{name}.intermediate.dense.bias"],
    )
    inner = activation(net, str(config.get("hidden_act", "gelu")), inner)
    return _residual(net, weights, f"{name}.output", inner, hidden, epsilon)


def _attention(net: Net, weights: Weights, name: str, hidden: str, mask: str, heads: int) -> str:
    parts = ("query", "key", "value")
    weight = np.concatenate([weights[f"{name}.{part}.weight"] for part in parts])
    bias = np.concatenate([weights[f"{name}.{part}.bias"] for part in parts])
    return net.attention(hidden, name, weight, bias, mask, heads)


def _residual(net: Net, weights: Weights, name: str, x: str, skip: str, epsilon: float) -> str:
    projected = net.matmul(x, name, weights[f"{name}.dense.weight"])
    return net.contrib(
        "SkipLayerNormalization",
        projected,
        skip,
        net.constant(f"{name}.norm.weight", weights[f"{name}.LayerNorm.weight"]),
        net.constant(f"{name}.norm.bias", weights[f"{name}.LayerNorm.bias"]),
        net.constant(f"{name}.bias", weights[f"{name}.dense.bias"]),
        epsilon=epsilon,
    )
