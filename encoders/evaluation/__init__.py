"""How good a model is, measured on held-out data. Importing this package imports no torch; using a name does."""

from ..lazy import on_first_use

_NAMES = {
    "BaseEvaluator": "base",
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
    "SimilarityFunction": ".similarity_functions",
    "TranslationEvaluator": "translation",
    "TripletEvaluator": "triplet",
}

__getattr__, __dir__ = on_first_use(__name__, _NAMES)
