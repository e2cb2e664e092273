"""The one encode loop: tokenise once, batch by token budget, run, and say which inputs came out."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from tqdm.auto import tqdm  # type: ignore[import-untyped]

from .inference.plan import Batch, TokenBudget, plan_batches
from .modules.module import Features
from .modules.prepared import Prepared
from .util.tensor import batch_to_device

# A launch costs an accelerator more than padding does, so there batches are only limited by their rows.
_UNLIMITED = sys.maxsize


def token_budget(batch_size: int, device: torch.device) -> TokenBudget:
    """At most `batch_size` rows; on a CPU also at most 4096 tokens and next to no padding."""
    if device.type == "cpu":
        return TokenBudget(max_rows=batch_size)
    return TokenBudget(tokens=_UNLIMITED, max_rows=batch_size, slack=1.0)


def run(
    prepared: Prepared,
    forward: Callable[[Features], Features],
    *,
    batch_size: int,
    device: torch.device,
    extra: Features,
    show_progress_bar: bool,
) -> Iterator[tuple[Batch, Features]]:
    """The features of each batch, with the positions of its inputs."""
    batches = plan_batches(prepared.lengths, token_budget(batch_size, device))
    for batch in tqdm(batches, desc="Batches", disable=not show_progress_bar):
        features = prepared.batch(batch.indices, batch.length)
        with torch.no_grad():
            outputs = forward(batch_to_device({**features, **extra}, device))
        yield batch, outputs


def wants_progress_bar(asked: bool | None, logger: logging.Logger) -> bool:
    """As asked; otherwise only where the log is at INFO or DEBUG."""
    return logger.getEffectiveLevel() in (logging.INFO, logging.DEBUG) if asked is None else asked


def in_input_order(rows: Sequence[tuple[Batch, Sequence[Any]]]) -> list[Any]:
    """Rows that left batch by batch, put back where their inputs stood."""
    placed = {index: row for batch, values in rows for index, row in zip(batch.indices, values, strict=True)}
    return [placed[index] for index in range(len(placed))]


def stack_in_input_order(blocks: Sequence[tuple[Batch, torch.Tensor]]) -> torch.Tensor:
    """Matrices that left batch by batch as one matrix in the order of the inputs."""
    indices = torch.tensor([index for batch, _ in blocks for index in batch.indices])
    stacked = torch.cat([block for _, block in blocks])
    ordered = torch.empty_like(stacked)
    ordered[indices.to(stacked.device)] = stacked
    return ordered
