"""From a described folder to an ONNX model: a family's backbone, then the head of the model's kind."""

from onnx import ModelProto

from ...errors import NotAModel
from ..description import ModelDescription
from . import bert, heads
from .int8 import Int8Net
from .net import Net
from .weights import load_weights

# Part of the name under which a built graph is cached: raise it whenever the same folder gives another graph.
BUILDER_VERSION = 1
_FAMILIES = {"bert": bert}


def can_build(description: ModelDescription) -> bool:
    """Whether a graph can be built from this folder's weights."""
    return description.config.get("model_type") in _FAMILIES


def build_graph(description: ModelDescription, precision: str = "exact") -> ModelProto:
    """The whole model as one graph, "exact" (float32) or "int8": token ids in, one row a text out."""
    family = _FAMILIES.get(description.config.get("model_type", ""))
    if family is None:
        raise NotAModel(
            f"no graph is built for model type {description.config.get('model_type')!r} of {str(description.folder)!r} "
            f"(built are {', '.join(_FAMILIES)}); open it with backend='torch', or export it to ONNX once"
        )
    net = Int8Net() if precision == "int8" else Net()
    weights = load_weights(description.weights, family.PREFIX)
    hidden = family.backbone(net, weights, description.config)
    if description.kind == "dense":
        return net.model(family.INPUTS, heads.pooled(net, description, hidden), ["batch", "dimension"])
    if description.kind == "sparse":
        terms = heads.splade(net, weights, description.config, description, hidden)
        return net.model(family.INPUTS, terms, ["batch", "vocabulary"])
    return net.model(family.INPUTS, heads.classified(net, weights, hidden), ["batch", "labels"])
