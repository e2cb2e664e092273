"""The modules that models are built from. Importing this package imports no torch; using a name does."""

import importlib
from typing import Any

MODULES = {
    "Dense": "dense",
    "InputModule": "input_module",
    "MLMTransformer": "mlm_transformer",
    "Module": "module",
    "Normalize": "normalize",
    "Pooling": "pooling",
    "SpladePooling": "splade_pooling",
    "Transformer": "transformer",
}


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{MODULES[name]}", __name__), name)
