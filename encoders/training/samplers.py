"""Which rows make a batch."""
# ruff: noqa: ARG002 -- every sampler is built with the same arguments

from collections import defaultdict
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import torch
from torch.utils.data import BatchSampler, RandomSampler

from .errors import TrainingError


class BatchSamplers(StrEnum):
    """How the rows of one dataset are put into batches."""

    BATCH_SAMPLER = "batch_sampler"
    NO_DUPLICATES = "no_duplicates"
    NO_DUPLICATES_HASHED = "no_duplicates_hashed"
    GROUP_BY_LABEL = "group_by_label"
    TOKEN_LENGTH = "token_length"


class SetEpochMixin:
    """Another order in every epoch, the same one in every run."""

    generator: torch.Generator | None
    seed: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Which epoch comes next."""
        self.epoch = epoch

    def reseed(self) -> None:
        """Put the generator at the beginning of this epoch."""
        if self.generator is not None:
            self.generator.manual_seed(self.seed + self.epoch)


class DefaultBatchSampler(SetEpochMixin, BatchSampler):
    """Rows in a random order; the base of the others."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        drop_last: bool,
        valid_label_columns: list[str] | None = None,
        generator: torch.Generator | None = None,
        seed: int = 0,
    ) -> None:
        # accelerate reseeds a RandomSampler in every epoch; the children do so themselves.
        plain = type(self).__iter__ is DefaultBatchSampler.__iter__
        rows = RandomSampler(dataset, generator=generator) if plain else range(len(dataset))
        super().__init__(rows, batch_size, drop_last)
        self.dataset, self.generator, self.seed = dataset, generator, seed
        self.valid_label_columns = valid_label_columns or []
        self.prepare()

    def prepare(self) -> None:
        """What a child reads of the dataset beforehand."""

    def shuffled(self, count: int) -> list[int]:
        """0 to count - 1 in this epoch's order."""
        order: list[int] = torch.randperm(count, generator=self.generator).tolist()
        return order

    def __iter__(self) -> Iterator[list[int]]:
        yield from super().__iter__()


class NoDuplicatesBatchSampler(DefaultBatchSampler):
    """No text twice in a batch, so that an in-batch negative is never another row's positive."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        drop_last: bool,
        valid_label_columns: list[str] | None = None,
        generator: torch.Generator | None = None,
        seed: int = 0,
        precompute_hashes: bool = False,
        precompute_num_proc: int | None = None,
        precompute_batch_size: int = 1000,
    ) -> None:
        super().__init__(dataset, batch_size, drop_last, valid_label_columns, generator, seed)
        self.skipped = {*self.valid_label_columns, "dataset_name"}
        self.hashes: list[frozenset[Any]] | None = None
        if precompute_hashes:
            starts = range(0, len(dataset), precompute_batch_size)
            blocks = (dataset[start : start + precompute_batch_size] for start in starts)
            self.hashes = [row for block in blocks for row in self._hashed(block)]

    def _hashed(self, block: dict[str, list[Any]]) -> list[frozenset[Any]]:
        columns = [values for name, values in block.items() if name not in self.skipped]
        return [frozenset(hash(_plain(value)) for value in row) for row in zip(*columns, strict=True)]

    def values(self, index: int) -> frozenset[Any]:
        """What row `index` holds besides labels."""
        if self.hashes is not None:
            return self.hashes[index]
        return frozenset(_plain(value) for name, value in self.dataset[index].items() if name not in self.skipped)

    def __iter__(self) -> Iterator[list[int]]:
        self.reseed()
        remaining = dict.fromkeys(self.shuffled(len(self.dataset)))
        while remaining:
            batch: list[int] = []
            seen: set[Any] = set()
            for index in remaining:
                values = self.values(index)
                if seen.isdisjoint(values):
                    batch.append(index)
                    seen |= values
                if len(batch) == self.batch_size:
                    break
            for index in batch:
                del remaining[index]
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch


class GroupByLabelBatchSampler(DefaultBatchSampler):
    """At least two rows of every label in a batch, as the batch triplet losses need."""

    def prepare(self) -> None:
        """The rows of each label. Raises TrainingError where there is none, or no room for two rows."""
        if self.batch_size < 2:
            raise TrainingError(f"grouping by label needs a batch size of at least 2, got {self.batch_size}")
        names = self.dataset.column_names
        column = next((name for name in self.valid_label_columns if name in names), None)
        if column is None:
            raise TrainingError(
                f"grouping by label needs one of the columns {self.valid_label_columns}; the dataset has {names}"
            )
        groups: dict[Any, list[int]] = defaultdict(list)
        for index, label in enumerate(self.dataset[column]):
            groups[label].append(index)
        self.groups = [rows for rows in groups.values() if len(rows) > 1]

    def __len__(self) -> int:
        rows = sum(len(group) // 2 * 2 for group in self.groups)
        size = self.batch_size // 2 * 2
        return rows // size if self.drop_last else -(-rows // size)

    def __iter__(self) -> Iterator[list[int]]:
        self.reseed()
        pairs: list[list[int]] = []
        for group in self.groups:
            rows = [group[place] for place in self.shuffled(len(group))]
            pairs += [rows[start : start + 2] for start in range(0, len(rows) - 1, 2)]
        flat = [row for place in self.shuffled(len(pairs)) for row in pairs[place]]
        size = self.batch_size // 2 * 2
        for start in range(0, len(flat), size):
            if start + size <= len(flat) or not self.drop_last:
                yield flat[start : start + size]


class TokenLengthBatchSampler(DefaultBatchSampler):
    """Rows of like length together: random windows of many batches, sorted within, batches in random order.

    `count_tokens` gives the length of each text; characters stand in for tokens without it. A row is as long as its
    longest column, or as all together where the model reads them so (`joins_columns`).
    """

    window: int = 64

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        drop_last: bool,
        valid_label_columns: list[str] | None = None,
        generator: torch.Generator | None = None,
        seed: int = 0,
        count_tokens: Callable[[list[str]], list[int]] | None = None,
        joins_columns: bool = False,
    ) -> None:
        super().__init__(dataset, batch_size, drop_last, valid_label_columns, generator, seed)
        count = count_tokens or (lambda texts: [len(text) for text in texts])
        self.lengths = [0] * len(dataset)
        for name in dataset.column_names:
            column = list(dataset[name])
            if name in self.valid_label_columns or not all(isinstance(value, str) for value in column):
                continue
            join: Callable[[tuple[int, int]], int] = sum if joins_columns else max
            self.lengths = [join(pair) for pair in zip(self.lengths, count(column), strict=True)]

    def __iter__(self) -> Iterator[list[int]]:
        self.reseed()
        order = self.shuffled(len(self.dataset))
        span = self.batch_size * self.window
        batches: list[list[int]] = []
        for start in range(0, len(order), span):
            rows = sorted(order[start : start + span], key=self.lengths.__getitem__)
            batches += [rows[first : first + self.batch_size] for first in range(0, len(rows), self.batch_size)]
        if self.drop_last:
            batches = [batch for batch in batches if len(batch) == self.batch_size]
        for place in self.shuffled(len(batches)):
            yield batches[place]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, (list, dict)) else value
