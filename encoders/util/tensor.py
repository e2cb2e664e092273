"""Small operations on embeddings, dense or sparse."""

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

Embeddings = TypeVar("Embeddings", np.ndarray[Any, Any], Tensor)


def as_tensor(values: Any) -> Tensor:
    """A tensor from a list, an array, a list of tensors or a tensor."""
    if isinstance(values, Tensor):
        return values
    if isinstance(values, (list, tuple)) and values and all(isinstance(value, Tensor) for value in values):
        return torch.stack(list(values))
    if isinstance(values, (list, tuple)) and values and isinstance(values[0], np.ndarray):
        return torch.from_numpy(np.stack(values))
    return torch.as_tensor(values)


def as_rows(values: Any) -> Tensor:
    """Like as_tensor, but a single vector becomes one row."""
    tensor = as_tensor(values)
    return tensor.unsqueeze(0) if tensor.dim() == 1 else tensor


def sparse_coo(indices: Tensor, values: Tensor, size: Iterable[int], *, is_coalesced: bool | None = None) -> Tensor:
    """A sparse tensor from indices that are known to be in range."""
    return torch.sparse_coo_tensor(
        indices, values, tuple(size), is_coalesced=is_coalesced, check_invariants=False, device=values.device
    )


def normalize_embeddings(embeddings: Tensor) -> Tensor:
    """Rows of length 1; zero rows stay zero."""
    if not embeddings.is_sparse:
        return torch.nn.functional.normalize(embeddings, p=2, dim=1)
    embeddings = embeddings.coalesce()
    indices, values = embeddings.indices(), embeddings.values()
    squares = torch.zeros(embeddings.size(0), dtype=values.dtype, device=values.device)
    squares.index_add_(0, indices[0], values**2)
    lengths = squares.sqrt().clamp_min(1e-12)
    return sparse_coo(indices, values / lengths[indices[0]], embeddings.shape, is_coalesced=True)


def truncate_embeddings(embeddings: Embeddings, truncate_dim: int | None) -> Embeddings:
    """The first `truncate_dim` dimensions."""
    return embeddings[..., :truncate_dim]


def select_max_active_dims(embeddings: Tensor, max_active_dims: int | None) -> Tensor:
    """Keep the `max_active_dims` largest absolute values of each row and set the others to zero."""
    if max_active_dims is None:
        return embeddings
    dense = embeddings.to_dense() if embeddings.is_sparse else embeddings
    flat = dense.unsqueeze(0) if dense.dim() == 1 else dense
    if max_active_dims >= flat.size(-1):
        return embeddings
    top = flat.abs().topk(max_active_dims, dim=-1).indices
    kept = torch.zeros_like(flat).scatter(-1, top, flat.gather(-1, top)).view_as(dense)
    return kept.to_sparse() if embeddings.is_sparse else kept


def batch_to_device(batch: dict[str, Any], target_device: torch.device | str) -> dict[str, Any]:
    """Move the tensors of a batch, in place."""
    for key, value in batch.items():
        if isinstance(value, Tensor):
            batch[key] = value.to(target_device)
    return batch


def to_scipy_coo(x: Tensor) -> Any:
    """A torch sparse matrix as a scipy COO matrix."""
    from scipy.sparse import coo_matrix  # type: ignore[import-untyped]

    x = x.coalesce().cpu()
    rows, columns = x.indices().numpy()
    return coo_matrix((x.values().numpy(), (rows, columns)), shape=tuple(x.shape))


def compute_count_vector(embeddings: Tensor) -> Tensor:
    """For each dimension, how many rows are not zero there."""
    if embeddings.is_sparse:
        columns = embeddings.coalesce().indices()[1]
        return torch.bincount(columns, minlength=embeddings.size(1)).int()
    return (embeddings != 0).sum(dim=0).int()
