"""Linear layers that compute in float32 whatever type the model has: bfloat16 has 8 bits for a score."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class FullPrecisionLinear(nn.Linear):
    """Takes any type, computes and gives float32, in autocast as well; the weights stay as they are stored."""

    def forward(self, input: Tensor) -> Tensor:
        """W x + b."""
        with torch.autocast(input.device.type, enabled=False):
            bias = None if self.bias is None else self.bias.float()
            return functional.linear(input.float(), self.weight.float(), bias)


def compute_in_float32(model: nn.Module, names: Sequence[str]) -> None:
    """Let exactly these layers of the model, by their dotted names, compute in float32.

    Raises ValueError, having changed nothing, for a name that is no plain linear layer.
    """
    wanted = [_linear_layer(model, name) for name in names]
    _turn((layer for layer in model.modules() if type(layer) is FullPrecisionLinear), nn.Linear)
    _turn(wanted, FullPrecisionLinear)


def _linear_layer(model: nn.Module, name: str) -> nn.Module:
    try:
        layer = model.get_submodule(name)
    except AttributeError as err:
        raise ValueError(f"keep_in_fp32_modules names {name!r}, which the model has not: {err}") from err
    # The weights and their names stay the same, so a change of class is all that it takes; see FullPrecisionLinear.
    if type(layer) not in {nn.Linear, FullPrecisionLinear} or "forward" in vars(layer):
        raise ValueError(
            f"keep_in_fp32_modules names {name!r}, which is a {type(layer).__name__}; only plain linear layers "
            "compute in float32 by themselves"
        )
    return layer


def _turn(layers: Iterable[nn.Module], cls: type[nn.Module]) -> None:
    for layer in layers:
        layer.__class__ = cls
