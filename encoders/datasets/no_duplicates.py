"""Batches without a text twice, of examples of old."""

import random
from collections.abc import Callable, Iterator
from typing import Any

from ..readers.example import InputExample
from ..renames import warn_renamed
from ..training.errors import TrainingError


class NoDuplicatesDataLoader:
    """Batches in which no text is there twice, in lower case; the examples are shuffled in every round."""

    def __init__(self, train_examples: list[InputExample], batch_size: int) -> None:
        warn_renamed("datasets", type(self).__name__, 'batch_sampler="no_duplicates"')
        self.batch_size, self.train_examples = batch_size, train_examples
        self.collate_fn: Callable[[list[InputExample]], Any] | None = None
        self._place = 0
        random.shuffle(self.train_examples)

    def __iter__(self) -> Iterator[Any]:
        for _ in range(len(self)):
            batch = self._batch()
            yield self.collate_fn(batch) if self.collate_fn is not None else batch

    def _batch(self) -> list[InputExample]:
        batch: list[InputExample] = []
        seen: set[str] = set()
        refused = 0
        while len(batch) < self.batch_size:
            one = self._next()
            texts = {str(text).strip().lower() for text in one.texts or ()}
            if seen.isdisjoint(texts):
                batch.append(one)
                seen |= texts
                refused = 0
                continue
            refused += 1
            if refused > 2 * len(self.train_examples):
                raise TrainingError(
                    f"no batch of {self.batch_size} examples without a text twice can be made of these "
                    f"{len(self.train_examples)}; lower the batch size"
                )
        return batch

    def _next(self) -> InputExample:
        one = self.train_examples[self._place]
        self._place += 1
        if self._place >= len(self.train_examples):
            self._place = 0
            random.shuffle(self.train_examples)
        return one

    def __len__(self) -> int:
        return len(self.train_examples) // self.batch_size
