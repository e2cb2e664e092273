"""The tensors of a file of weights, by the names that transformers gives them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import NotAModel
from ..layout import tensor_names
from ..pickled import tensors_of_pickle


class Weights:
    """Looks tensors up, with or without the backbone's prefix; float32 whatever the file holds."""

    def __init__(self, tensors: Mapping[str, npt.NDArray[Any]], prefix: str, source: str) -> None:
        self._tensors = tensors
        self._prefix = prefix
        self._source = source

    def get(self, name: str) -> npt.NDArray[np.float32] | None:
        """The tensor, or None if the file has none of that name."""
        for candidate in tensor_names(name, self._prefix):
            if candidate in self._tensors:
                return np.asarray(self._tensors[candidate], dtype=np.float32)
        return None

    def __getitem__(self, name: str) -> npt.NDArray[np.float32]:
        found = self.get(name)
        if found is None:
            raise NotAModel(f"{self._source} has no tensor {name!r}; the file does not fit its config.json")
        return found


def load_weights(path: Path, prefix: str) -> Weights:
    """Read a safetensors file; `prefix` is what a model with a head puts before its backbone's names.

    A file of torch's own format is read by torch, tensors only: nothing else that a pickle can hold is loaded.
    """
    if path.suffix == ".bin":
        tensors = {name: tensor.float().numpy() for name, tensor in tensors_of_pickle(path).items()}
        return Weights(tensors, prefix, str(path))
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: _float32(file, name) for name in file.keys()}  # noqa: SIM118 - a file, not a dict
    except SafetensorError as err:
        raise NotAModel(f"{str(path)!r} is not a readable safetensors file ({err}); fetch the model again") from err
    return Weights(tensors, prefix, str(path))


def _float32(file: Any, name: str) -> npt.NDArray[Any]:
    if file.get_slice(name).get_dtype() != "BF16":
        tensor: npt.NDArray[Any] = file.get_tensor(name)
        return tensor
    raise NotAModel(
        f"the tensor {name!r} is stored as bfloat16, which numpy lacks; save the model as float32 or float16"
    )
