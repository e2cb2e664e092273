"""Large batches in little memory: embed a slice at a time, and once more when its gradient is known.

GradCache (arXiv:2101.06983, section 3.2): the batch is embedded without keeping activations, the loss is computed over
all embeddings, and each slice is embedded again, under the same random numbers, when the gradient reaches it. That is
activation checkpointing with slices as the unit, and torch does it.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from tqdm.auto import tqdm  # type: ignore[import-untyped]

from .errors import LossError

Features = dict[str, Any]


def embed_in_slices(
    model: Any, features: list[Features], mini_batch_size: int, show_progress_bar: bool = False
) -> list[Tensor]:
    """One tensor of embeddings a column; equal to embedding each column at once, up to dropout's draws."""
    check_size(mini_batch_size)
    bar = tqdm(features, desc="Embed mini-batches", disable=not show_progress_bar)
    return [torch.cat([_recomputed(model, part) for part in slices(column, mini_batch_size)]) for column in bar]


def slices(column: Features, size: int) -> list[Features]:
    """The rows of a column, `size` at a time; what is no tensor of rows goes with each."""
    rows = next(len(value) for value in column.values() if isinstance(value, Tensor))
    return [
        {
            name: value[start : start + size] if isinstance(value, Tensor) and value.dim() else value
            for name, value in column.items()
        }
        for start in range(0, rows, size)
    ]


def recompute(function: Callable[..., Tensor], *arguments: Any) -> Tensor:
    """`function(*arguments)`, its activations forgotten and made again in the backward pass."""
    value: Tensor = checkpoint(function, *arguments, use_reentrant=False)
    return value


def check_size(mini_batch_size: int) -> None:
    """Raises LossError for a slice of no rows."""
    if mini_batch_size < 1:
        raise LossError(f"mini_batch_size must be at least 1, it is {mini_batch_size}")


def _recomputed(model: Any, part: Features) -> Tensor:
    return recompute(lambda: model(dict(part))["sentence_embedding"])
