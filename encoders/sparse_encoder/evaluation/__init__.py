"""How good a sparse model is, and how sparse its vectors are."""

from ...lazy import on_first_use

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

__getattr__, __dir__ = on_first_use(__name__, _NAMES)
