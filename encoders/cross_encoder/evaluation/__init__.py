"""How good a pair scorer is."""

import importlib
from typing import Any

from ...old_paths import register

_NAMES = {
    "CEBinaryAccuracyEvaluator": "old_names",
    "CEBinaryClassificationEvaluator": "old_names",
    "CECorrelationEvaluator": "old_names",
    "CEF1Evaluator": "old_names",
    "CERerankingEvaluator": "old_names",
    "CESoftmaxAccuracyEvaluator": "old_names",
    "CrossEncoderClassificationEvaluator": "classification",
    "CrossEncoderCorrelationEvaluator": "correlation",
    "CrossEncoderNanoBEIREvaluator": "nano_beir",
    "CrossEncoderRerankingEvaluator": "reranking",
}
register(__name__, _NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__dir__())}")
    return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(_NAMES)
