"""Fewer layers of a transformer: faster in proportion, and good again after some training."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from .errors import EncoderError


class CannotPrune(EncoderError, ValueError):
    """The model's layers were not found, or there are not as many as asked for."""


def evenly_spaced(layers: int, keep: int) -> list[int]:
    """The places of `keep` out of `layers` layers, the first and the last among them (arXiv:1910.01108, section 3)."""
    if not 1 <= keep <= layers:
        raise CannotPrune(f"{keep} layers are to be kept of {layers}; keep at least 1 and at most {layers}")
    if keep == 1:
        return [0]
    return [round(place * (layers - 1) / (keep - 1)) for place in range(keep)]


def prune_layers(model: Any, keep: int | Sequence[int]) -> list[int]:
    """Leave these layers, or so many evenly spaced ones, in the model's transformer; gives their former places.

    `model` is a SentenceTransformer, SparseEncoder, CrossEncoder, or a transformers model. Untrained, a pruned model is
    much worse than before.
    """
    transformer = _transformer(model)
    parent, name, layers = _layers(transformer)
    kept = evenly_spaced(len(layers), keep) if isinstance(keep, int) else sorted(set(keep))
    if not kept or kept[0] != 0 or kept[-1] >= len(layers):
        # Some families build the first layer otherwise than the rest.
        raise CannotPrune(f"layers {kept} are to be kept of 0 to {len(layers) - 1}; keep layer 0, and none beyond")
    setattr(parent, name, nn.ModuleList(layers[place] for place in kept))
    config = transformer.config
    config.num_hidden_layers = len(kept)
    if getattr(config, "layer_types", None):
        config.layer_types = [config.layer_types[place] for place in kept]
    return kept


def _transformer(model: Any) -> Any:
    return next((part.auto_model for part in model.modules() if hasattr(part, "auto_model")), model)


def _layers(transformer: Any) -> tuple[nn.Module, str, nn.ModuleList]:
    """The one list of layers, the module that holds it, and its name there."""
    count = getattr(getattr(transformer, "config", None), "num_hidden_layers", None)
    for parent in transformer.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.ModuleList) and len(child) == count:
                return parent, name, child
    raise CannotPrune(f"{type(transformer).__name__} has no list of {count} layers to prune")
