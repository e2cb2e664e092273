"""Examples of old, some of each label in a row."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from torch.utils.data import IterableDataset

from ..readers.example import InputExample
from ..renames import warn_renamed


class SentenceLabelDataset(IterableDataset[InputExample]):
    """`samples_per_label` random examples of one label, then of the next; labels with fewer are left out."""

    def __init__(
        self, examples: Sequence[InputExample], samples_per_label: int = 2, with_replacement: bool = False
    ) -> None:
        warn_renamed("datasets", type(self).__name__, 'batch_sampler="group_by_label"')
        super().__init__()
        self.samples_per_label, self.with_replacement = samples_per_label, with_replacement
        groups: dict[Any, list[InputExample]] = defaultdict(list)
        for one in examples:
            groups[one.label].append(one)
        self.groups = [group for group in groups.values() if len(group) >= samples_per_label]

    def __iter__(self) -> Iterator[InputExample]:
        given, total, size = 0, len(self), self.samples_per_label
        while given < total:
            # A round: each label once, and without replacement no example twice.
            unseen = [list(group) for group in self.groups]
            while given < total and any(len(group) >= size for group in unseen):
                for place in np.random.permutation(len(unseen)):
                    group = unseen[place]
                    if len(group) < size or given >= total:
                        continue
                    chosen = np.random.choice(len(group), size, replace=False)
                    yield from (group[index] for index in chosen)
                    given += size
                    if not self.with_replacement:
                        left = set(chosen.tolist())
                        unseen[place] = [one for index, one in enumerate(group) if index not in left]

    def __len__(self) -> int:
        return sum(len(group) for group in self.groups)
