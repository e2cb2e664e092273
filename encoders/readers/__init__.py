"""Training examples of old, and readers of files into them. Use datasets.Dataset in new code."""

import importlib
from typing import Any

from ..old_paths import register

_NAMES = {
    "InputExample": "example",
    "LabelSentenceReader": "files",
    "NLIDataReader": "files",
    "PairedFilesReader": "files",
    "STSBenchmarkDataReader": "tables",
    "STSDataReader": "tables",
    "TripletReader": "tables",
}
register(__name__, _NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(_NAMES))}")
    return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(_NAMES)
