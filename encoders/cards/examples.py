"""Texts of the training data for the hub's widget and for the example."""

from collections.abc import Mapping
from typing import Any

_WIDGETS = 5
_CHOICES = 3
_PAIRS = 5


def text_rows(data: Any, count: int = 50) -> list[list[str]]:
    """The texts of the first different rows; none of a stream, or of rows without texts."""
    if isinstance(data, Mapping):
        return [row for part in data.values() for row in text_rows(part, count)]
    if data is None or not hasattr(data, "__len__") or not hasattr(data, "column_names"):
        return []
    rows = (data[index] for index in range(min(count, len(data))))
    texts = ([value for value in row.values() if isinstance(value, str) and value] for row in rows)
    return [list(row) for row in dict.fromkeys(map(tuple, texts)) if row]


def widgets(rows: list[list[str]]) -> list[dict[str, Any]]:
    """A source sentence and three to compare with it, five times at most."""
    found = []
    for place, row in enumerate(rows[:_WIDGETS]):
        others = [other[-1] for other in rows[place + 1 :] + rows[:place]]
        sentences = list(dict.fromkeys([*row[1:2], *others]))[:_CHOICES]
        if sentences:
            found.append({"source_sentence": row[0], "sentences": sentences})
    return found


def sentences(rows: list[list[str]], count: int) -> list[str] | None:
    """Texts for the example: those of one row, then of others; None if there are too few."""
    texts = list(dict.fromkeys([*(text for row in rows[:1] for text in row), *(row[-1] for row in rows)]))
    return texts[:count] if len(texts) >= count else None


def pairs(rows: list[list[str]]) -> list[list[str]] | None:
    """Pairs for the example; None if the rows hold none."""
    return [row[:2] for row in rows if len(row) > 1][:_PAIRS] or None
