"""What rerankers are trained on. Importing this package imports no torch; using a name does."""

from ...lazy import on_first_use

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

__getattr__, __dir__ = on_first_use(__name__, _NAMES)
