"""Tensors of a model by the names that transformers gives them: those of a file, or those of a living module."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from ...errors import NotAModel
from ..layout import tensor_names
from ..pickled import tensors_of_pickle


class TensorTable:
    """Looks tensors up, with or without the backbone's prefix."""

    def __init__(self, tensors: Mapping[str, Tensor], prefix: str, source: str) -> None:
        self._tensors = tensors
        self._prefix = prefix
        self._source = source

    def get(self, name: str) -> Tensor | None:
        """The tensor, or None if there is none of that name."""
        return next((self._tensors[each] for each in tensor_names(name, self._prefix) if each in self._tensors), None)

    def __getitem__(self, name: str) -> Tensor:
        found = self.get(name)
        if found is None:
            raise NotAModel(f"{self._source} has no tensor {name!r}; the file does not fit its config.json")
        return found

    def linear(self, x: Tensor, name: str) -> Tensor:
        """x @ weight.T + bias of the layer of this name."""
        return functional.linear(x, self[f"{name}.weight"], self.get(f"{name}.bias"))

    def norm(self, x: Tensor, name: str, epsilon: float) -> Tensor:
        """Layer normalisation by the layer of this name."""
        return functional.layer_norm(x, x.shape[-1:], self[f"{name}.weight"], self.get(f"{name}.bias"), epsilon)


def read_tensors(path: Path, prefix: str, device: torch.device, dtype: torch.dtype) -> TensorTable:
    """The tensors of a file, on this device and as this type."""
    if path.suffix == ".bin":
        found = tensors_of_pickle(path, str(device))
        return TensorTable({name: _converted(tensor, dtype) for name, tensor in found.items()}, prefix, str(path))
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            tensors = {name: _converted(file.get_tensor(name), dtype) for name in file.keys()}  # noqa: SIM118 - a file
    except SafetensorError as err:
        raise NotAModel(f"{str(path)!r} is not a readable safetensors file ({err}); fetch the model again") from err
    return TensorTable(tensors, prefix, str(path))


def _converted(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor
