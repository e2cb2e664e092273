"""What rerankers are trained on. Importing this package imports no torch; using a name does."""

import importlib
from typing import Any

from ...old_paths import register

_NAMES = {
    "BaseWeightingScheme": "weighting",
    "BinaryCrossEntropyLoss": "pointwise",
    "CachedMultipleNegativesRankingLoss": "ranking",
    "CrossEntropyLoss": "pointwise",
    "LambdaLoss": "pairwise",
    "LambdaRankScheme": "weighting",
    "ListMLELoss": "listwise",
    "ListNetLoss": "listwise",
    "MSELoss": "pointwise",
    "MarginMSELoss": "pointwise",
    "MultipleNegativesRankingLoss": "ranking",
    "NDCGLoss1Scheme": "weighting",
    "NDCGLoss2PPScheme": "weighting",
    "NDCGLoss2Scheme": "weighting",
    "NoWeightingScheme": "weighting",
    "PListMLELambdaWeight": "listwise",
    "PListMLELoss": "listwise",
    "RankNetLoss": "pairwise",
}
register(__name__, _NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(_NAMES))}")
    return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(_NAMES)
