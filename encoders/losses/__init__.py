"""What dense models are trained on. Importing this package imports no torch; using a name does."""

from ..lazy import on_first_use

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

__getattr__, __dir__ = on_first_use(__name__, _NAMES)
