"""One training example of old: texts and a label."""

from collections.abc import Sequence
from typing import Any

from ..renames import warn_renamed


class InputExample:
    """Texts, a label and an id; a row of a datasets.Dataset is what takes its place."""

    def __init__(self, guid: str = "", texts: Sequence[Any] | None = None, label: Any = 0) -> None:
        warn_renamed("readers", "InputExample", "datasets.Dataset")
        self.guid, self.texts, self.label = guid, texts, label

    def __str__(self) -> str:
        return f"<InputExample> label: {self.label}, texts: {'; '.join(str(text) for text in self.texts or ())}"


def example(texts: Sequence[Any], label: Any = 0, guid: str = "") -> InputExample:
    """One made by us: whoever asked for it has been told already."""
    made = InputExample.__new__(InputExample)
    made.guid, made.texts, made.label = guid, texts, label
    return made
