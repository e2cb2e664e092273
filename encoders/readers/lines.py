"""Lines of text files, gzipped or not."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..training.errors import TrainingError


def open_text(path: Path) -> Any:
    """The file for reading as UTF-8. Raises TrainingError if there is none."""
    try:
        return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
    except FileNotFoundError as err:
        raise TrainingError(f"there is no file {str(path)!r} to read training examples from") from err


def rows(path: Path, delimiter: str, quoting: int) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line that has any."""
    with open_text(path) as file:
        reader = csv.reader(file, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
        for cells in reader:
            if cells:
                yield reader.line_num, cells


def cell(cells: list[str], column: int, path: Path, line: int) -> str:
    """One cell of a line. Raises TrainingError where the line is too short."""
    if column >= len(cells):
        raise TrainingError(f"{path}, line {line}: column {column} was asked for, the line has {len(cells)} columns")
    return cells[column]
