"""What turns a cross-encoder's logits into scores, and how its configuration remembers it."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from ..dotted import dotted_name, import_dotted

Activation = Callable[[Tensor], Tensor]
_OLD_KEY = "sbert_ce_default_activation_function"


def stored(config: Any, labels: int, name: str | None = None, *, trusted: bool) -> Activation:
    """The activation of that name, or that the configuration names; else Sigmoid, or Identity for several labels."""
    own = getattr(config, "sentence_transformers", None) or {}
    name = name or own.get("activation_fn") or getattr(config, _OLD_KEY, None)
    if name:
        activation: Activation = import_dotted(name, trusted=trusted)()
        return activation
    return nn.Sigmoid() if labels == 1 else nn.Identity()


def store(config: Any, activation: Activation) -> None:
    """Let the configuration name this activation."""
    set_value(config, "activation_fn", dotted_name(activation))


def set_value(config: Any, key: str, value: Any) -> None:
    """Set one of our own values in a transformers configuration."""
    own = dict(getattr(config, "sentence_transformers", None) or {})
    config.sentence_transformers = own | {key: value}
