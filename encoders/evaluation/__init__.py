"""How good a model is, measured on held-out data. Importing this package imports no torch; using a name does."""

import importlib
from typing import Any

from ..old_paths import register

_NAMES = {
    "BinaryClassificationEvaluator": "binary_classification",
    "EmbeddingSimilarityEvaluator": "embedding_similarity",
    "InformationRetrievalEvaluator": "information_retrieval",
    "LabelAccuracyEvaluator": "label_accuracy",
    "MSEEvaluator": "mse",
    "MSEEvaluatorFromDataFrame": "mse_from_dataframe",
    "NanoBEIREvaluator": "nano_beir",
    "ParaphraseMiningEvaluator": "paraphrase_mining",
    "RerankingEvaluator": "reranking",
    "SentenceEvaluator": "base",
    "SequentialEvaluator": "sequential",
    "TranslationEvaluator": "translation",
    "TripletEvaluator": "triplet",
}
register(__name__, _NAMES)
# Beside this package, and the base's newer name.
_ELSEWHERE = {"SimilarityFunction": ("..similarity_functions", "SimilarityFunction")}
_ELSEWHERE["BaseEvaluator"] = (".base", "SentenceEvaluator")


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)
    if name in _ELSEWHERE:
        module, attribute = _ELSEWHERE[name]
        return getattr(importlib.import_module(module, __name__), attribute)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__dir__())}")


def __dir__() -> list[str]:
    return sorted([*_NAMES, *_ELSEWHERE])
