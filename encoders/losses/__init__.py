"""What dense models are trained on. Importing this package imports no torch; using a name does."""

import importlib
from typing import Any

from ..old_paths import register

_NAMES = {
    "AdaptiveLayerLoss": "adaptive_layers",
    "AnglELoss": "order",
    "BatchAllTripletLoss": "batch_triplets",
    "BatchHardSoftMarginTripletLoss": "batch_triplets",
    "BatchHardTripletLoss": "batch_triplets",
    "BatchHardTripletLossDistanceFunction": "distances",
    "BatchSemiHardTripletLoss": "batch_triplets",
    "CachedGISTEmbedLoss": "gist",
    "CachedMultipleNegativesRankingLoss": "ranking",
    "CachedMultipleNegativesSymmetricRankingLoss": "ranking",
    "CoSENTLoss": "order",
    "ContrastiveLoss": "contrastive",
    "ContrastiveTensionDataLoader": "contrastive_tension",
    "ContrastiveTensionLoss": "contrastive_tension",
    "ContrastiveTensionLossInBatchNegatives": "contrastive_tension",
    "CosineSimilarityLoss": "regression",
    "DenoisingAutoEncoderLoss": "denoising",
    "DistillKLDivLoss": "distillation",
    "GISTEmbedLoss": "gist",
    "MSELoss": "regression",
    "MarginMSELoss": "distillation",
    "Matryoshka2dLoss": "matryoshka",
    "MatryoshkaLoss": "matryoshka",
    "MegaBatchMarginLoss": "mega_batch",
    "MultipleNegativesRankingLoss": "ranking",
    "MultipleNegativesSymmetricRankingLoss": "ranking",
    "OnlineContrastiveLoss": "contrastive",
    "SiameseDistanceMetric": "distances",
    "SoftmaxLoss": "classification",
    "TripletDistanceMetric": "distances",
    "TripletLoss": "triplet",
}
register(__name__, _NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(_NAMES))}")
    return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(_NAMES)
