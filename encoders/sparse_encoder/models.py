"""The modules of sparse models, under the name that user code imports them by."""

from typing import Any

from .. import modules

_NAMES = ("MLMTransformer", "SparseAutoEncoder", "SparseStaticEmbedding", "SpladePooling")


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(_NAMES)}")
    return getattr(modules, name)


def __dir__() -> list[str]:
    return sorted(_NAMES)
