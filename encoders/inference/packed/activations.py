"""Activations by the names of config.json."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from ...errors import NotAModel

_BY_TANH = partial(functional.gelu, approximate="tanh")
ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "gelu": functional.gelu,
    "gelu_new": _BY_TANH,
    "gelu_pytorch_tanh": _BY_TANH,
}


def activation(name: str, x: Tensor) -> Tensor:
    """The activation that config.json names."""
    if name not in ACTIVATIONS:
        raise NotAModel(f"the activation {name!r} is not written here; known are {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name](x)
