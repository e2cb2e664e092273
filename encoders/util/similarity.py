"""How alike two embeddings are: all pairs, or row by row. Higher is always closer."""

import warnings
from typing import Any

import torch
from torch import Tensor

from .tensor import as_rows, as_tensor, normalize_embeddings


def cos_sim(a: Any, b: Any) -> Tensor:
    """Cosine of every row of `a` with every row of `b`."""
    return dot_score(normalize_embeddings(as_rows(a)), normalize_embeddings(as_rows(b)))


pytorch_cos_sim = cos_sim


def dot_score(a: Any, b: Any) -> Tensor:
    """Dot product of every row of `a` with every row of `b`."""
    left, right = _alike(as_rows(a), as_rows(b))
    if not left.is_sparse:
        return torch.mm(left, right.transpose(0, 1))
    with warnings.catch_warnings():
        # Torch tells every process once that its sparse product is young.
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
        return torch.mm(left, right.transpose(0, 1)).to_dense()


def manhattan_sim(a: Any, b: Any) -> Tensor:
    """Negative L1 distance of every row of `a` to every row of `b`."""
    return -torch.cdist(_dense(as_rows(a)), _dense(as_rows(b)), p=1.0)


def euclidean_sim(a: Any, b: Any) -> Tensor:
    """Negative L2 distance of every row of `a` to every row of `b`."""
    return -torch.cdist(_dense(as_rows(a)), _dense(as_rows(b)), p=2.0)


def pairwise_cos_sim(a: Any, b: Any) -> Tensor:
    """Cosine of row i of `a` with row i of `b`."""
    return pairwise_dot_score(normalize_embeddings(as_rows(a)), normalize_embeddings(as_rows(b)))


def pairwise_dot_score(a: Any, b: Any) -> Tensor:
    """Dot product of row i of `a` with row i of `b`."""
    left, right = _alike(as_tensor(a), as_tensor(b))
    return _dense((left * right).sum(dim=-1))


def pairwise_manhattan_sim(a: Any, b: Any) -> Tensor:
    """Negative L1 distance of row i of `a` to row i of `b`."""
    difference = _dense(as_tensor(a)) - _dense(as_tensor(b))
    return -difference.abs().sum(dim=-1)


def pairwise_euclidean_sim(a: Any, b: Any) -> Tensor:
    """Negative L2 distance of row i of `a` to row i of `b`."""
    difference = _dense(as_tensor(a)) - _dense(as_tensor(b))
    return -(difference**2).sum(dim=-1).sqrt()


def pairwise_angle_sim(x: Any, y: Any) -> Tensor:
    """AnglE (arXiv:2309.12871, eq. 5): the rows read as complex numbers, their quotient's normalised angle."""
    left, right = as_tensor(x), as_tensor(y)
    a, b = torch.chunk(left, 2, dim=1)
    c, d = torch.chunk(right, 2, dim=1)
    length = (c**2 + d**2).sum(dim=1, keepdim=True)
    real, imaginary = (a * c + b * d) / length, (b * c - a * d) / length
    scale = (a**2 + b**2).sum(dim=1, keepdim=True).sqrt() / length.sqrt()
    return torch.cat((real / scale, imaginary / scale), dim=1).sum(dim=1).abs()


def _alike(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    if left.is_sparse == right.is_sparse:
        return left, right
    return (left, right.to_sparse()) if left.is_sparse else (left.to_sparse(), right)


def _dense(tensor: Tensor) -> Tensor:
    return tensor.to_dense() if tensor.is_sparse else tensor
