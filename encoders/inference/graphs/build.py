"""From a described folder to an ONNX model: a family's backbone, then the head of the model's kind."""

from collections.abc import Mapping

from onnx import ModelProto

from ...errors import NotAModel
from ..description import ModelDescription
from ..layout import MODERNBERT_TYPE, POST_NORM
from . import heads
from .family import Family
from .int8 import Int8Net
from .modernbert import MODERNBERT
from .net import Net
from .post_norm import PostNorm
from .weights import load_weights

# Part of the name under which a built graph is cached: raise it whenever the same folder gives another graph.
BUILDER_VERSION = 3
_FAMILIES: Mapping[str, Family] = {
    **{name: PostNorm(layout) for name, layout in POST_NORM.items()},
    MODERNBERT_TYPE: MODERNBERT,
}


def can_build(description: ModelDescription) -> bool:
    """Whether a graph can be built from this folder's weights."""
    return description.config.get("model_type") in _FAMILIES


def build_graph(description: ModelDescription, precision: str = "exact", *, tokens: bool = False) -> ModelProto:
    """The whole model as one graph, "exact" (float32) or "int8": token ids in, one row a text out.

    With `tokens`, the graph ends before the head, with one row a token.
    """
    if description.torch_only:
        raise NotAModel(
            f"no graph is built for the module {description.torch_only} of {str(description.folder)!r}; open it with "
            "backend='torch'"
        )
    family = _FAMILIES.get(description.config.get("model_type", ""))
    if family is None:
        raise NotAModel(
            f"no graph is built for model type {description.config.get('model_type')!r} of {str(description.folder)!r} "
            f"(built are {', '.join(_FAMILIES)}); open it with backend='torch', or export it to ONNX once"
        )
    net = Int8Net() if precision == "int8" else Net()
    config = description.config
    weights = load_weights(description.weights, family.prefix)
    if tokens:
        hidden = family.backbone(net, weights, config)
        return net.model(family.inputs, hidden, ["batch", "tokens", "width"])
    hidden = family.backbone(net, weights, config, description.reads_first_only)
    if description.kind == "dense":
        return net.model(family.inputs, heads.pooled(net, description, hidden), ["batch", "dimension"])
    if description.kind == "sparse":
        terms = family.terms(net, weights, config, hidden)
        return net.model(family.inputs, heads.splade(net, description, terms), ["batch", "vocabulary"])
    return net.model(family.inputs, family.classified(net, weights, config, hidden), ["batch", "labels"])
