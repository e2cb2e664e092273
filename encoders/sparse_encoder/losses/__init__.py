"""What sparse encoders are trained on. Importing this package imports no torch; using a name does."""

import importlib
from typing import Any

from ...old_paths import register

_NAMES = {
    "CSRLoss": "reconstruction",
    "CSRReconstructionLoss": "reconstruction",
    "FlopsLoss": "splade",
    "SparseAnglELoss": "embeddings",
    "SparseCoSENTLoss": "embeddings",
    "SparseCosineSimilarityLoss": "embeddings",
    "SparseDistillKLDivLoss": "embeddings",
    "SparseMSELoss": "embeddings",
    "SparseMarginMSELoss": "embeddings",
    "SparseMultipleNegativesRankingLoss": "embeddings",
    "SparseTripletLoss": "embeddings",
    "SpladeLoss": "splade",
}
register(__name__, _NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(_NAMES))}")
    return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(_NAMES)
