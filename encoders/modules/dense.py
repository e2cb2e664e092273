"""A linear layer with an activation on top of an embedding."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from typing import Any, ClassVar

import torch
from torch import nn

from ..dotted import dotted_name, import_dotted
from .module import Features
from .weighted import WeightedModule

# A default in a signature is made once; it has no weights to share.
_TANH = nn.Tanh()


class Dense(WeightedModule):
    """activation(W x + b), by default of the sentence embedding."""

    config_keys: ClassVar[list[str]] = ["in_features", "out_features", "bias", "activation_function"]

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        activation_function: nn.Module | None = _TANH,
        init_weight: torch.Tensor | None = None,
        init_bias: torch.Tensor | None = None,
        module_input_name: str = "sentence_embedding",
        module_output_name: str | None = None,
        use_residual: bool = False,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features, self.bias = in_features, out_features, bias
        self.activation_function = nn.Tanh() if activation_function is None else activation_function
        self.linear = nn.Linear(in_features, out_features, bias=bias)
        self.module_input_name = module_input_name
        self.module_output_name = module_output_name or module_input_name
        self.use_residual = use_residual
        self.residual = (
            nn.Linear(in_features, out_features, bias=False) if use_residual and in_features != out_features else None
        )
        if init_weight is not None:
            self.linear.weight = nn.Parameter(init_weight)
        if init_bias is not None:
            self.linear.bias = nn.Parameter(init_bias)

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Replace the embedding by its projection."""
        given = features[self.module_input_name]
        projected = self.activation_function(self.linear(given))
        if self.use_residual:
            projected = projected + (given if self.residual is None else self.residual(given))
        features[self.module_output_name] = projected
        return features

    def get_sentence_embedding_dimension(self) -> int:
        """Dimensions that leave this module."""
        return self.out_features

    def get_config_dict(self) -> dict[str, Any]:
        """The activation is kept by its dotted name; what 6.x added only where it is used."""
        config = {
            "in_features": self.in_features,
            "out_features": self.out_features,
            "bias": self.bias,
            "activation_function": dotted_name(self.activation_function),
        }
        if self.module_input_name != "sentence_embedding" or self.module_output_name != self.module_input_name:
            config |= {"module_input_name": self.module_input_name, "module_output_name": self.module_output_name}
        return config | ({"use_residual": True} if self.use_residual else {})

    @classmethod
    def arguments_of(cls, config: dict[str, Any], *, trusted: bool) -> dict[str, Any]:
        """An activation from outside torch is only imported if trusted."""
        name = config.get("activation_function", "torch.nn.modules.activation.Tanh")
        return {**config, "activation_function": import_dotted(name, trusted=trusted)()}

    def __repr__(self) -> str:
        return f"Dense({self.get_config_dict()})"
