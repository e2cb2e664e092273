"""The one encode loop: tokenise a part, batch by token budget, run, and say which inputs came out."""

import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tqdm.auto import tqdm  # type: ignore[import-untyped]

from .inference.plan import Batch, TokenBudget, plan_batches
from .modules.module import Features
from .modules.prepared import Prepared
from .util.tensor import batch_to_device

# A launch costs an accelerator more than padding does, so there batches are only limited by their rows.
_UNLIMITED = sys.maxsize
_LEAST_PART = 2048
_BATCHES_OF_PART = 16


@dataclass(frozen=True)
class Part:
    """Some of the inputs, tokenised, and where they begin."""

    start: int
    prepared: Prepared


def part_size(batch_size: int) -> int:
    """How many inputs are tokenised and planned together: enough to find many of like length."""
    return max(_LEAST_PART, _BATCHES_OF_PART * batch_size)


def token_budget(batch_size: int, device: torch.device) -> TokenBudget:
    """At most `batch_size` rows; on a CPU also at most 4096 tokens and next to no padding."""
    if device.type == "cpu":
        return TokenBudget(max_rows=batch_size)
    return TokenBudget(tokens=_UNLIMITED, max_rows=batch_size, slack=1.0)


def run(
    parts: Iterable[Part],
    forward: Callable[[Features], Features],
    *,
    count: int,
    batch_size: int,
    device: torch.device,
    extra: Features,
    show_progress_bar: bool,
) -> Iterator[tuple[Batch, Features]]:
    """The features of each batch, with the positions of its inputs; `count` is how many inputs all parts hold."""
    planned = 0
    with tqdm(desc="Batches", disable=not show_progress_bar) as bar:
        for part in parts:
            batches = plan_batches(part.prepared.lengths, token_budget(batch_size, device))
            planned += len(batches)
            # Exact with the last part; until then as if all parts were like those seen.
            bar.total = round(planned * count / (part.start + len(part.prepared.lengths)))
            for batch in batches:
                features = part.prepared.batch(batch.indices, batch.length)
                with torch.no_grad():
                    outputs = forward(batch_to_device({**features, **extra}, device))
                yield Batch(tuple(part.start + index for index in batch.indices), batch.length), outputs
                bar.update()


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
