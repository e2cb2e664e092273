"""Datasets and loaders of old, for `fit`. Use datasets.Dataset and batch samplers in new code."""

import importlib
from typing import Any

from ..old_paths import register

_NAMES = {
    "DenoisingAutoEncoderDataset": "denoising",
    "NoDuplicatesDataLoader": "no_duplicates",
    "ParallelSentencesDataset": "parallel",
    "SentenceLabelDataset": "by_label",
    "SentencesDataset": "examples",
}
register(__name__, _NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(_NAMES))}")
    return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(_NAMES)
