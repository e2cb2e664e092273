"""Static embeddings: a text's vector is the mean of its tokens' rows in a table. No graph, no runtime but numpy.

The folders of Sentence Transformers' StaticEmbedding and of model2vec (Tulkens and van Dongen 2024).
"""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import NotAModel
from .description import ModelDescription
from .executor import TokenBatch
from .plan import DEFAULT_BUDGET

_TABLES = ("embedding.weight", "embeddings")


class StaticExecutor:
    """Looks rows up and averages them. Safe for several threads."""

    def __init__(self, description: ModelDescription) -> None:
        self._table, self._counts = _load(description)
        self._normalize = description.normalize
        self.name = "static embeddings, fp32 on CPU"
        self.budget = DEFAULT_BUDGET

    def run(self, batch: TokenBatch) -> npt.NDArray[np.float32]:
        """float32 (texts, dimension); a text without a known token is all zeros."""
        counted = batch.attention_mask * self._counts[batch.input_ids]
        sums = np.einsum("nt,ntd->nd", counted, self._table[batch.input_ids])
        means = sums / np.maximum(counted.sum(axis=1, keepdims=True), 1)
        if self._normalize:
            means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        return np.asarray(means, dtype=np.float32)

    def close(self) -> None:
        """Free the table."""
        del self._table


def _load(description: ModelDescription) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """One row a token id, and whether the token counts (1) or is left out (0)."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(description.weights, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - a file, not a dict
    except SafetensorError as err:
        raise NotAModel(f"{str(description.weights)!r} is not a readable safetensors file ({err})") from err
    table = next((tensors[name] for name in _TABLES if name in tensors), None)
    if table is None:
        raise NotAModel(f"{str(description.weights)!r} holds no table of embeddings ({' or '.join(_TABLES)})")
    rows = np.asarray(table, dtype=np.float32)
    if "mapping" in tensors:  # several tokens share a row
        rows = rows[np.asarray(tensors["mapping"], dtype=np.int64)]
    if "weights" in tensors:
        rows = rows * np.asarray(tensors["weights"], dtype=np.float32)[:, None]
    counts = np.ones(len(rows), dtype=np.float32)
    unknown = _unknown_token(description.folder) if description.drops_unknown else None
    if unknown is not None:
        counts[unknown] = 0
    return rows, counts


def _unknown_token(folder: Path) -> int | None:
    model = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    if "unk_id" in model:
        return int(model["unk_id"]) if model["unk_id"] is not None else None
    name = model.get("unk_token")
    return int(model["vocab"][name]) if name in model.get("vocab", {}) else None
