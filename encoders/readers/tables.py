"""Readers of separated columns: scored pairs and triplets."""

import csv
from dataclasses import dataclass
from pathlib import Path

from ..renames import warn_renamed
from ..training.errors import TrainingError
from .example import InputExample, example
from .lines import cell, rows


@dataclass
class STSDataReader:
    """Two sentences and a score a line; scores are mapped from `min_score`..`max_score` to 0..1."""

    dataset_folder: str
    s1_col_idx: int = 0
    s2_col_idx: int = 1
    score_col_idx: int = 2
    delimiter: str = "\t"
    quoting: int = csv.QUOTE_NONE
    normalize_scores: bool = True
    min_score: float = 0
    max_score: float = 5

    def __post_init__(self) -> None:
        # A dataclass's constructor stands between this and the caller.
        warn_renamed("readers", type(self).__name__, "datasets.Dataset", stacklevel=4)

    def get_examples(self, filename: str, max_examples: int = 0) -> list[InputExample]:
        """One example a line, the first `max_examples`, or all (0)."""
        path, found = Path(self.dataset_folder, filename), list[InputExample]()
        for line, cells in rows(path, self.delimiter, self.quoting):
            said = cell(cells, self.score_col_idx, path, line)
            try:
                score = float(said)
            except ValueError as err:
                raise TrainingError(f"{path}, line {line}: the score {said!r} is no number") from err
            if self.normalize_scores:
                score = (score - self.min_score) / (self.max_score - self.min_score)
            texts = [cell(cells, column, path, line) for column in (self.s1_col_idx, self.s2_col_idx)]
            found.append(example(texts, score, f"{filename}-{len(found)}"))
            if len(found) == max_examples:
                break
        return found


@dataclass
class STSBenchmarkDataReader(STSDataReader):
    """The same for the columns of the STS benchmark."""

    s1_col_idx: int = 5
    s2_col_idx: int = 6
    score_col_idx: int = 4


@dataclass
class TripletReader:
    """Anchor, positive and negative a line."""

    dataset_folder: str
    s1_col_idx: int = 0
    s2_col_idx: int = 1
    s3_col_idx: int = 2
    has_header: bool = False
    delimiter: str = "\t"
    quoting: int = csv.QUOTE_NONE

    def __post_init__(self) -> None:
        warn_renamed("readers", type(self).__name__, "datasets.Dataset", stacklevel=4)

    def get_examples(self, filename: str, max_examples: int = 0) -> list[InputExample]:
        """One example a line, the first `max_examples`, or all (0)."""
        path, found = Path(self.dataset_folder, filename), list[InputExample]()
        lines = rows(path, self.delimiter, self.quoting)
        if self.has_header:
            next(lines, None)
        for line, cells in lines:
            texts = [cell(cells, column, path, line) for column in (self.s1_col_idx, self.s2_col_idx, self.s3_col_idx)]
            found.append(example(texts))
            if len(found) == max_examples:
                break
        return found
