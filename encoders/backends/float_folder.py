"""A folder that can be trained: the folder itself, or float weights and a configuration read out of its 8-bit graph."""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import NotAModel
from .dequantise import float_weights, write_float_folder

_GRAPH = "model.onnx"
_LAYER = "bert.encoder.layer.{}.intermediate.dense.weight"


def trainable_folder(folder: Path, scratch: Path) -> Path:
    """`folder` where it has float weights; else those of its graph, written into `scratch`.

    Raises NotAModel for a graph that is not BERT's, or was not quantised from one.
    """
    has_weights = any((folder / name).is_file() for name in ("model.safetensors", "pytorch_model.bin", "modules.json"))
    if has_weights or not (folder / _GRAPH).is_file():
        return folder
    return write_float_folder(folder, scratch, _config(folder), _GRAPH)


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if path.is_file():
        stated: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return stated
    return bert_config(folder / _GRAPH)


def bert_config(graph: Path) -> dict[str, Any]:
    """What config.json would say of a BERT scorer, by the shapes of its weights and of its attention."""
    weights = float_weights(graph)
    try:
        vocabulary, hidden = weights["bert.embeddings.word_embeddings.weight"].shape
        labels = weights["classifier.weight"].shape[0]
        intermediate = weights[_LAYER.format(0)].shape[0]
        positions = weights["bert.embeddings.position_embeddings.weight"].shape[0]
        types = weights["bert.embeddings.token_type_embeddings.weight"].shape[0]
    except KeyError as err:
        raise NotAModel(
            f"{str(graph)!r} has no {err}, so it is no BERT that scores; give a folder with float weights"
        ) from err
    return {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "vocab_size": vocabulary,
        "hidden_size": hidden,
        "num_hidden_layers": _layers(weights),
        "num_attention_heads": _heads(graph, hidden),
        "intermediate_size": intermediate,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "id2label": {str(label): f"LABEL_{label}" for label in range(labels)},
        "label2id": {f"LABEL_{label}": label for label in range(labels)},
    }


def _layers(weights: Mapping[str, Any]) -> int:
    layer = 0
    while _LAYER.format(layer) in weights:
        layer += 1
    return layer


def _heads(graph: Path, hidden: int) -> int:
    """The graph reshapes (..., hidden) to (..., heads, hidden / heads); the two constants follow each other."""
    import onnx
    from onnx import numpy_helper

    sizes = []
    for node in onnx.load(graph).graph.node:
        if node.op_type == "Constant" and "/attention/" in node.name:
            value = next(numpy_helper.to_array(given.t) for given in node.attribute if given.name == "value")
            sizes += [int(value.item())] if value.size == 1 and value.dtype.kind == "i" else []
    found = next((heads for heads, width in pairwise(sizes) if heads * width == hidden and width > 1), None)
    if found is None:
        raise NotAModel(f"{str(graph)!r} does not show its number of attention heads; put a config.json beside it")
    return found
