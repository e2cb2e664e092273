"""How each family of encoders lays out its tensors, as data: what graphs and packed forwards are both written from.

Devlin et al. 2019 (BERT), Liu et al. 2019 (RoBERTa), Conneau et al. 2020 (XLM-R), Sanh et al. 2019 (DistilBERT),
Song et al. 2020 (MPNet), Warner et al. 2024 (ModernBERT), as transformers names them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import NotAModel

Config = Mapping[str, Any]

_EPSILON = 1e-12
_FARTHEST = 128
# Checkpoints of older frameworks call a layer norm's weight gamma and its bias beta.
_OLD_NAMES = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}


@dataclass(frozen=True)
class LayerNames:
    """The tensors of one layer, below the layer's own name."""

    query: str = "attention.self.query"
    key: str = "attention.self.key"
    value: str = "attention.self.value"
    projection: str = "attention.output.dense"
    attention_norm: str = "attention.output.LayerNorm"
    inner: str = "intermediate.dense"
    outer: str = "output.dense"
    norm: str = "output.LayerNorm"


@dataclass(frozen=True)
class HeadNames:
    """The tensors of the heads: masked language model, and classifier over the first token."""

    transform: str = "lm_head.dense"
    transform_norm: str = "lm_head.layer_norm"
    decoder: str = "lm_head.decoder.weight"
    decoder_bias: str = "lm_head.bias"
    dense: str = "classifier.dense"
    dense_activation: str = "Tanh"
    labels: str = "classifier.out_proj"


@dataclass(frozen=True)
class ConfigKeys:
    """What config.json calls the sizes."""

    layers: str = "num_hidden_layers"
    heads: str = "num_attention_heads"
    activation: str = "hidden_act"


@dataclass(frozen=True)
class PostNormLayout:
    """A family of the BERT plan.

    `has_types`: texts carry token types; without, all tokens are of type 0 where there is a table of types.
    `positions_after_padding`: position ids begin one above the id of the padding token, which counts no position.
    """

    prefix: str
    layers: str = "encoder.layer"
    names: LayerNames = LayerNames()
    heads: HeadNames = HeadNames()
    keys: ConfigKeys = ConfigKeys()
    has_types: bool = False
    positions_after_padding: bool = False
    has_relative_positions: bool = False


BERT = PostNormLayout(
    "bert",
    has_types=True,
    heads=HeadNames(
        transform="cls.predictions.transform.dense",
        transform_norm="cls.predictions.transform.LayerNorm",
        decoder="cls.predictions.decoder.weight",
        decoder_bias="cls.predictions.bias",
        dense="pooler.dense",
        labels="classifier",
    ),
)
ROBERTA = PostNormLayout("roberta", positions_after_padding=True)
DISTILBERT = PostNormLayout(
    "distilbert",
    layers="transformer.layer",
    names=LayerNames(
        query="attention.q_lin",
        key="attention.k_lin",
        value="attention.v_lin",
        projection="attention.out_lin",
        attention_norm="sa_layer_norm",
        inner="ffn.lin1",
        outer="ffn.lin2",
        norm="output_layer_norm",
    ),
    heads=HeadNames(
        transform="vocab_transform",
        transform_norm="vocab_layer_norm",
        decoder="vocab_projector.weight",
        decoder_bias="vocab_projector.bias",
        dense="pre_classifier",
        dense_activation="Relu",
        labels="classifier",
    ),
    keys=ConfigKeys("n_layers", "n_heads", "activation"),
)
MPNET = PostNormLayout(
    "mpnet",
    names=LayerNames(
        query="attention.attn.q",
        key="attention.attn.k",
        value="attention.attn.v",
        projection="attention.attn.o",
        attention_norm="attention.LayerNorm",
    ),
    positions_after_padding=True,
    has_relative_positions=True,
)


MODERNBERT_TYPE = "modernbert"
MODERNBERT_PREFIX = "model"
POST_NORM: Mapping[str, PostNormLayout] = {
    "bert": BERT,
    "roberta": ROBERTA,
    "xlm-roberta": ROBERTA,
    "camembert": ROBERTA,
    "distilbert": DISTILBERT,
    "mpnet": MPNET,
}


def has_layout(config: Config) -> bool:
    """Whether the tensors of this config.json's model type are known here."""
    return config.get("model_type") in {*POST_NORM, MODERNBERT_TYPE}


def tensor_names(name: str, prefix: str) -> list[str]:
    """The names under which a file may hold a tensor: with or without the backbone's prefix, new or old."""
    names = [name, f"{prefix}.{name}"]
    for new, old in _OLD_NAMES.items():
        if name.endswith(new):
            names += [each.removesuffix(new) + old for each in list(names)]
    return names


def epsilon(config: Config) -> float:
    """What layer norms add to the variance."""
    return float(config.get("layer_norm_eps", _EPSILON))


def layer_types(config: Config) -> list[str]:
    """Whether each layer of ModernBERT attends to all tokens or to those nearby."""
    stated = config.get("layer_types")
    if stated:
        return list(stated)
    every = int(config.get("global_attn_every_n_layers", 3))
    kinds = ("full_attention", "sliding_attention")
    return [kinds[number % every != 0] for number in range(int(config["num_hidden_layers"]))]


def rotary_base(config: Config, kind: str) -> float:
    """The base of the rotary positions in layers of this kind."""
    stated: dict[str, Any] = (config.get("rope_parameters") or {}).get(kind) or {}
    if stated.get("rope_type", "default") != "default":
        raise NotAModel(f"rotary positions of type {stated['rope_type']!r} are not written here; use backend='torch'")
    if "rope_theta" in stated:
        return float(stated["rope_theta"])
    key, usual = ("local_rope_theta", 10_000.0) if kind == "sliding_attention" else ("global_rope_theta", 160_000.0)
    return float(config.get(key) or usual)


def buckets(distance: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    """The bucket of each distance: exact ones first, then growing logarithmically (Raffel et al. 2020, section 2.1).

    Half of the buckets are for keys behind the query, half for keys ahead of it.
    """
    half = count // 2
    exact = half // 2
    far = np.abs(distance)
    share = np.log(np.maximum(far, 1).astype(np.float32) / np.float32(exact)) / math.log(_FARTHEST / exact)
    grown = np.minimum(exact + (share * (half - exact)).astype(np.int64), half - 1)
    return np.asarray(np.where(far < exact, far, grown) + np.where(distance > 0, half, 0))
