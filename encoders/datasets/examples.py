"""A list of examples as a dataset."""

from collections.abc import Sequence
from typing import Any

from torch.utils.data import Dataset

from ..readers.example import InputExample
from ..renames import warn_renamed


class SentencesDataset(Dataset[InputExample]):
    """The examples themselves; a list of them does as well."""

    def __init__(self, examples: Sequence[InputExample], model: Any) -> None:  # noqa: ARG002
        warn_renamed("datasets", type(self).__name__, "datasets.Dataset")
        self.examples = examples

    def __getitem__(self, item: int) -> InputExample:
        return self.examples[item]

    def __len__(self) -> int:
        return len(self.examples)
