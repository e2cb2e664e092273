"""Reading sparse embeddings: gathered into one matrix, counted, intersected, spelled out as words."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ..util.tensor import sparse_coo


class Rows:
    """Blocks of rows that arrive in any order, as one matrix; if `sparse`, only what is not zero is kept."""

    def __init__(self, *, sparse: bool) -> None:
        self._sparse = sparse
        self._rows: list[Tensor] = []
        self._columns: list[Tensor] = []
        self._values: list[Tensor] = []
        self._width = 0
        self._count = 0

    def add(self, indices: Sequence[int], block: Tensor) -> None:
        """Take a dense or sparse block whose rows stand at `indices` of the matrix."""
        places = torch.tensor(indices, device=block.device)
        self._width, self._count = block.size(1), self._count + len(indices)
        if not self._sparse:
            self._rows.append(places)
            self._values.append(block.to_dense() if block.is_sparse else block)
            return
        kept = block.to_sparse().coalesce()
        rows, columns = kept.indices()
        self._rows.append(places[rows])
        self._columns.append(columns)
        self._values.append(kept.values())

    def matrix(self) -> Tensor:
        """All rows, in order."""
        rows, values = torch.cat(self._rows), torch.cat(self._values)
        if not self._sparse:
            ordered = torch.empty_like(values)
            ordered[rows] = values
            return ordered
        columns = torch.cat(self._columns)
        return sparse_coo(torch.stack((rows, columns)), values, (self._count, self._width)).coalesce()


def sparsity(embeddings: Tensor) -> dict[str, float]:
    """Average number of active dimensions a row, and the share of zeros."""
    rows = 1 if embeddings.dim() == 1 else embeddings.size(0)
    width = embeddings.size(-1)
    values = embeddings.coalesce().values() if embeddings.is_sparse else embeddings
    active = int((values != 0).sum())
    return {"active_dims": active / rows, "sparsity_ratio": 1 - active / (rows * width)}


def intersection(embeddings_1: Tensor, embeddings_2: Tensor) -> Tensor:
    """Element-wise product of a vector with a vector or with each row of a matrix, sparse."""
    if embeddings_1.dim() == 2 and embeddings_1.size(0) == 1:
        embeddings_1 = embeddings_1[0]
    if embeddings_1.dim() != 1:
        raise ValueError(f"Expected 1D tensor for embeddings_1, but got {tuple(embeddings_1.shape)}; give one row")
    if embeddings_2.dim() not in (1, 2):
        raise ValueError(f"Expected 1D or 2D tensor for embeddings_2, but got {tuple(embeddings_2.shape)}")
    weights = embeddings_1.to_dense()
    other = embeddings_2.to_sparse().coalesce()
    values = other.values() * weights[other.indices()[-1]]
    kept = values != 0
    return sparse_coo(other.indices()[:, kept], values[kept], other.shape, is_coalesced=True)


def decode(embeddings: Tensor, to_tokens: Callable[[list[int]], list[str]], top_k: int | None) -> Any:
    """(token, weight) pairs of each row, heaviest first."""
    if isinstance(embeddings, list):
        return [decode(row, to_tokens, top_k) for row in embeddings]
    if embeddings.dim() == 1:
        return _decode_rows(embeddings.to_dense().unsqueeze(0).to_sparse(), to_tokens, top_k)[0]
    return _decode_rows(embeddings.to_sparse(), to_tokens, top_k)


def _decode_rows(matrix: Tensor, to_tokens: Callable[[list[int]], list[str]], top_k: int | None) -> list[Any]:
    matrix = matrix.coalesce().cpu()
    (rows, columns), values = matrix.indices(), matrix.values()
    counts = torch.bincount(rows, minlength=matrix.size(0)).tolist()
    decoded = []
    for weights, ids in zip(torch.split(values, counts), torch.split(columns, counts), strict=True):
        order = torch.argsort(weights, descending=True, stable=True)[:top_k]
        decoded.append(list(zip(to_tokens(ids[order].tolist()), weights[order].tolist(), strict=True)))
    return decoded
