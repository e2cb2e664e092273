"""What sparse encoders are trained on. Importing this package imports no torch; using a name does."""

from ...lazy import on_first_use

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

__getattr__, __dir__ = on_first_use(__name__, _NAMES)
