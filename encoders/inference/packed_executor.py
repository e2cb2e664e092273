"""torch over packed tokens: no padding, attention within each text, on a CPU or a GPU. Needs no transformers."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import NotAModel
from .description import ModelDescription
from .executor import TokenBatch
from .plan import GPU_BUDGET, PACKED_BUDGET
from .torch_device import load_torch


class PackedExecutor:
    """Weights on one device, read from the folder. Safe for several threads.

    `threads` is the number of cores that torch uses, in this whole process.
    """

    def __init__(
        self, description: ModelDescription, name: str, threads: int | None = None, *, half: str | None, device: str
    ) -> None:
        torch = load_torch()
        from .packed import packed_backbone
        from .packed.weights import read_tensors

        if threads and device == "cpu":
            torch.set_num_threads(threads)
        self._torch = torch
        self._device = torch.device(device)
        self._description = description
        self._backbone = packed_backbone(description.config)
        dtype = getattr(torch, half) if half else torch.float32
        self._weights = read_tensors(description.weights, self._backbone.prefix, self._device, dtype)
        self._dense = [
            (read_tensors(path / "model.safetensors", "", self._device, torch.float32), layer.activation)
            for layer in description.dense_layers
            for path in [description.folder / layer.folder]
        ]
        self.name = name
        self.budget = PACKED_BUDGET if self._device.type == "cpu" else GPU_BUDGET

    def run(self, batch: TokenBatch) -> npt.NDArray[np.float32]:
        """One forward: one row a text."""
        from .packed import pack

        torch = self._torch
        with torch.inference_mode():
            ids, mask, types = (torch.from_numpy(getattr(batch, name)) for name in _INPUTS)
            rows = self._rows(pack(ids, mask, types, self._device)).float().cpu().numpy()
        return np.asarray(rows, dtype=np.float32)

    def hidden_states(self, batch: TokenBatch) -> npt.NDArray[np.float32]:
        """float32 (texts, tokens, width): what is pooled."""
        from .packed import pack

        torch = self._torch
        with torch.inference_mode():
            ids, mask, types = (torch.from_numpy(getattr(batch, name)) for name in _INPUTS)
            tokens = pack(ids, mask, types, self._device)
            hidden = self._backbone.hidden(self._weights, self._description.config, tokens, first_only=False)
            rows = hidden.float().cpu().numpy()
        padded = np.zeros((*batch.attention_mask.shape, rows.shape[-1]), dtype=np.float32)
        padded[batch.attention_mask == 1] = rows
        return padded

    def _rows(self, tokens: Any) -> Any:
        from .packed import pooled, splade

        description, backbone = self._description, self._backbone
        config, weights = description.config, self._weights
        hidden = backbone.hidden(weights, config, tokens, first_only=description.reads_first_only)
        if description.kind == "rerank":
            return backbone.classified(weights, config, hidden, tokens)
        if description.kind == "sparse":
            return splade(*backbone.terms(weights, config, hidden), tokens, description.pooling[-1])
        rows = pooled(hidden, tokens, description.pooling)
        for tensors, activation in self._dense:
            rows = _activated(self._torch, activation, tensors.linear(rows, "linear"))
        return rows

    def close(self) -> None:
        """Free the weights."""
        del self._weights, self._dense


_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_ACTIVATIONS = {"Tanh": "tanh", "ReLU": "relu", "Sigmoid": "sigmoid"}


def _activated(torch: Any, name: str, rows: Any) -> Any:
    if name == "Identity":
        return rows
    if name not in _ACTIVATIONS:
        raise NotAModel(f"the activation {name!r} is not written here; known are Identity, {', '.join(_ACTIVATIONS)}")
    return getattr(torch, _ACTIVATIONS[name])(rows)
