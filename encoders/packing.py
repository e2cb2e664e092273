"""Living transformers modules run over packed tokens: the same weights and numbers, and no padding between texts.

Only what is known to compute the same is packed: the plain classes of the known families, on torch, outside training,
without hooks, adapters or options of their own. Everything else runs as transformers wrote it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .inference.layout import Config, has_layout
from .inference.packed import PackedBackbone, PackedTokens, TensorTable, pack, packed_backbone, splade
from .inference.packed.activations import ACTIVATIONS
from .modules.splade_pooling import SpladePooling
from .peft_mixin import has_adapters

_HEADS = ("Model", "ForMaskedLM", "ForSequenceClassification")
_FAMILIES = ("Bert", "Roberta", "XLMRoberta", "Camembert", "DistilBert", "MPNet", "ModernBert")
_CLASSES = frozenset(family + head for family in _FAMILIES for head in _HEADS)
_ACTIVATION_KEYS = ("hidden_act", "activation", "hidden_activation", "classifier_activation")


@dataclass(frozen=True)
class PackedBatch:
    """One batch without its padding, and the weights that it goes through."""

    backbone: PackedBackbone
    weights: TensorTable
    config: Config
    tokens: PackedTokens

    def hidden(self, *, first_only: bool = False) -> Tensor:
        """The last hidden states, (tokens, width), or (texts, width) of the first tokens."""
        return self.backbone.hidden(self.weights, self.config, self.tokens, first_only=first_only)

    def token_embeddings(self, mask: Tensor) -> Tensor:
        """The last hidden states as the padded batch has them, zeros in the padding."""
        hidden = self.hidden()
        padded = hidden.new_zeros(*mask.shape, hidden.shape[-1])
        padded[mask.bool()] = hidden
        return padded

    def class_logits(self) -> Tensor:
        """(texts, labels); the last layer computes only what the head reads."""
        first_only = self.config.get("classifier_pooling", "cls") == "cls"
        hidden = self.hidden(first_only=first_only)
        return self.backbone.classified(self.weights, self.config, hidden, self.tokens)

    def term_weights(self, activation: str) -> Tensor:
        """(texts, vocabulary); the logits of all tokens never stand in memory at once."""
        terms = self.backbone.terms(self.weights, self.config, self.hidden())
        return splade(*terms, self.tokens, activation)


def packed_batch(model: Any, features: Mapping[str, Any], inputs: Mapping[str, Any]) -> PackedBatch | None:
    """The batch of `features`, packed for a transformers model; None where it has to run as it is.

    `inputs` is everything that the model would be called with.
    """
    if set(inputs) - {"input_ids", "attention_mask", "token_type_ids"} or not _is_plain(model):
        return None
    mask = features.get("attention_mask")
    if not isinstance(mask, Tensor) or mask.dim() != 2 or not bool(mask.any(dim=1).all()):
        return None
    config = model.config.to_dict()
    if not has_layout(config) or not _computes_as_written(config):
        return None
    backbone = packed_backbone(config)
    tensors = dict(model.named_parameters(remove_duplicate=False))
    weights = TensorTable(tensors, backbone.prefix, type(model).__name__)
    tokens = pack(inputs["input_ids"], mask, inputs.get("token_type_ids"), model.device)
    return PackedBatch(backbone, weights, config, tokens)


def packed_splade(modules: list[nn.Module], features: Mapping[str, Any]) -> Tensor | None:
    """What a SPLADE pipeline makes of the batch, without its logits ever being whole; None for any other pipeline."""
    if len(modules) != 2 or type(modules[1]) is not SpladePooling or modules[1].pooling_strategy != "max":
        return None
    transformer: Any = modules[0]
    packed = transformer.packed(features, {}) if hasattr(transformer, "packed") else None
    if packed is None or not type(transformer.auto_model).__name__.endswith("ForMaskedLM"):
        return None
    weights: Tensor = packed.term_weights(modules[1].activation_function)
    modules[1].word_embedding_dimension = weights.size(1)
    return weights


def _is_plain(model: Any) -> bool:
    """Whether the model is one of transformers' own classes, in evaluation, with nothing put on or into it."""
    if type(model).__name__ not in _CLASSES or not type(model).__module__.startswith("transformers."):
        return False
    if model.training or torch.is_grad_enabled() or has_adapters(model):
        return False
    return all(_is_untouched(module) for module in model.modules())


def _is_untouched(module: nn.Module) -> bool:
    own = type(module).__module__.startswith(("torch.nn.modules.", "transformers.models.", "transformers.activations"))
    return own and not module._forward_hooks and not module._forward_pre_hooks and "forward" not in vars(module)


def _computes_as_written(config: Mapping[str, Any]) -> bool:
    named = [config[key] for key in _ACTIVATION_KEYS if key in config]
    return (
        all(isinstance(name, str) and name in ACTIVATIONS for name in named)
        and config.get("position_embedding_type") in {None, "absolute"}
        and not any(config.get(key) for key in ("is_decoder", "output_hidden_states", "output_attentions"))
    )
