"""How good a sparse model is, and how sparse its vectors are."""

import importlib
from typing import Any

from ...old_paths import register

_NAMES = {
    "ReciprocalRankFusionEvaluator": "rank_fusion",
    "SparseBinaryClassificationEvaluator": "binary_classification",
    "SparseEmbeddingSimilarityEvaluator": "embedding_similarity",
    "SparseInformationRetrievalEvaluator": "information_retrieval",
    "SparseMSEEvaluator": "mse",
    "SparseNanoBEIREvaluator": "nano_beir",
    "SparseRerankingEvaluator": "reranking",
    "SparseTranslationEvaluator": "translation",
    "SparseTripletEvaluator": "triplet",
}
register(__name__, _NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__dir__())}")
    return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(_NAMES)
