"""Readers of one sentence a line: labelled sentences, parallel files, NLI."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from ..renames import warn_renamed
from ..training.errors import TrainingError
from .example import InputExample, example
from .lines import cell, open_text


class LabelSentenceReader:
    """Lines of a label and a sentence; labels become numbers in the order of their first appearance."""

    def __init__(self, folder: str, label_col_idx: int = 0, sentence_col_idx: int = 1, separator: str = "\t") -> None:
        warn_renamed("readers", type(self).__name__, "datasets.Dataset")
        self.folder, self.label_map = folder, dict[str, int]()
        self.label_col_idx, self.sentence_col_idx, self.separator = label_col_idx, sentence_col_idx, separator

    def get_examples(self, filename: str, max_examples: int = 0) -> list[InputExample]:
        """One example a line, the first `max_examples`, or all (0)."""
        path, found = Path(self.folder, filename), list[InputExample]()
        with open_text(path) as file:
            for number, line in enumerate(file):
                cells = line.strip().split(self.separator)
                label = cell(cells, self.label_col_idx, path, number + 1)
                sentence = cell(cells, self.sentence_col_idx, path, number + 1)
                known = self.label_map.setdefault(label, len(self.label_map))
                found.append(example([sentence], known, f"{filename}-{number}"))
                if len(found) == max_examples:
                    break
        return found


class PairedFilesReader:
    """Files with a sentence a line that belong together, line by line."""

    def __init__(self, filepaths: Sequence[str]) -> None:
        warn_renamed("readers", type(self).__name__, "datasets.Dataset")
        self.filepaths = filepaths

    def get_examples(self, max_examples: int = 0) -> list[InputExample]:
        """One example a line, up to the end of the shortest file."""
        files = [open_text(Path(path)) for path in self.filepaths]
        try:
            limit = range(max_examples) if max_examples > 0 else count()
            return [example(list(texts), 1, str(number)) for number, texts in zip(limit, zip(*files), strict=False)]  # noqa: B905
        finally:
            for file in files:
                file.close()


class NLIDataReader:
    """s1.FILE, s2.FILE and labels.FILE, gzipped, of natural language inference."""

    def __init__(self, dataset_folder: str) -> None:
        warn_renamed("readers", type(self).__name__, "datasets.Dataset")
        self.dataset_folder = dataset_folder

    def get_examples(self, filename: str, max_examples: int = 0) -> list[InputExample]:
        """One example a line; `filename` is the part of the three names that they share."""
        columns = []
        for part in ("s1", "s2", "labels"):
            with open_text(Path(self.dataset_folder, f"{part}.{filename}")) as file:
                columns.append(list(file))
        rows = list(zip(*columns, strict=True))
        chosen = rows[:max_examples] if max_examples > 0 else rows
        return [
            example([one, two], self.map_label(label), f"{filename}-{number}")
            for number, (one, two, label) in enumerate(chosen)
        ]

    @staticmethod
    def get_labels() -> dict[str, int]:
        """The classes, by name."""
        return {"contradiction": 0, "entailment": 1, "neutral": 2}

    def get_num_labels(self) -> int:
        """How many classes there are."""
        return len(self.get_labels())

    def map_label(self, label: str) -> int:
        """A class by its name. Raises TrainingError for another word."""
        name = label.strip().lower()
        if name not in self.get_labels():
            raise TrainingError(f"label {name!r} is none of {', '.join(self.get_labels())}")
        return self.get_labels()[name]
