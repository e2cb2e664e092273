"""Which dataset gives the next batch."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import accumulate
from typing import Any

import torch
from torch.utils.data import BatchSampler

from .samplers import SetEpochMixin


class MultiDatasetBatchSamplers(StrEnum):
    """How several datasets take turns."""

    ROUND_ROBIN = "round_robin"
    PROPORTIONAL = "proportional"


class MultiDatasetDefaultBatchSampler(SetEpochMixin, BatchSampler):
    """Batches from several datasets, each from one of them; a child says in which order."""

    def __init__(
        self,
        dataset: Any,
        batch_samplers: list[Any],
        generator: torch.Generator | None = None,
        seed: int = 0,
    ) -> None:
        first = batch_samplers[0]
        super().__init__(range(len(dataset)), first.batch_size, first.drop_last)
        self.dataset, self.batch_samplers = dataset, batch_samplers
        self.generator, self.seed = generator, seed

    def set_epoch(self, epoch: int) -> None:
        """Which epoch comes next, here and in the datasets."""
        super().set_epoch(epoch)
        for sampler in self.batch_samplers:
            if hasattr(sampler, "set_epoch"):
                sampler.set_epoch(epoch)

    def offsets(self) -> list[int]:
        """Where each dataset's rows begin in all rows."""
        return [0, *accumulate(len(part) for part in self.dataset.datasets)][:-1]


class RoundRobinBatchSampler(MultiDatasetDefaultBatchSampler):
    """A batch of each in turn, until one has no more."""

    def __len__(self) -> int:
        return min(len(sampler) for sampler in self.batch_samplers) * len(self.batch_samplers)

    def __iter__(self) -> Iterator[list[int]]:
        self.reseed()
        offsets = self.offsets()
        for batches in zip(*self.batch_samplers, strict=False):
            for offset, batch in zip(offsets, batches, strict=True):
                yield [offset + row for row in batch]


class ProportionalBatchSampler(MultiDatasetDefaultBatchSampler):
    """Every batch of every dataset once, in a random order."""

    def __len__(self) -> int:
        return sum(len(sampler) for sampler in self.batch_samplers)

    def __iter__(self) -> Iterator[list[int]]:
        self.reseed()
        offsets = self.offsets()
        turns = [place for place, sampler in enumerate(self.batch_samplers) for _ in range(len(sampler))]
        iterators = [iter(sampler) for sampler in self.batch_samplers]
        for turn in torch.randperm(len(turns), generator=self.generator).tolist():
            batch = next(iterators[turns[turn]], None)
            if batch is not None:
                yield [offsets[turns[turn]] + row for row in batch]
