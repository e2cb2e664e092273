"""Module paths of Sentence Transformers v5 where ours are others: `losses.CoSENTLoss`, `models.Pooling`."""

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# What gives the names: the last parts of the paths that have them there, most of them a class each.
_BESIDE = {
    "logging_handler": "LoggingHandler",
    "sentence_transformer": "SentenceTransformer",
    "similarity_functions": "evaluation.SimilarityFunction",
}
_WITHIN = {
    "backend": "load optimize quantize",
    "cross_encoder": "CrossEncoder",
    "cross_encoder.losses": """
        BinaryCrossEntropyLoss CachedMultipleNegativesRankingLoss CrossEntropyLoss LambdaLoss ListMLELoss ListNetLoss
        MSELoss MarginMSELoss MultipleNegativesRankingLoss PListMLELoss RankNetLoss
        """,
    "datasets": """
        DenoisingAutoEncoderDataset NoDuplicatesDataLoader ParallelSentencesDataset SentenceLabelDataset
        SentencesDataset
        """,
    "evaluation": """
        BinaryClassificationEvaluator EmbeddingSimilarityEvaluator InformationRetrievalEvaluator
        LabelAccuracyEvaluator MSEEvaluator MSEEvaluatorFromDataFrame NanoBEIREvaluator ParaphraseMiningEvaluator
        RerankingEvaluator SentenceEvaluator SequentialEvaluator TranslationEvaluator TripletEvaluator
        """,
    "losses": """
        AdaptiveLayerLoss AnglELoss BatchAllTripletLoss BatchHardSoftMarginTripletLoss BatchHardTripletLoss
        BatchSemiHardTripletLoss CachedGISTEmbedLoss CachedMultipleNegativesRankingLoss
        CachedMultipleNegativesSymmetricRankingLoss CoSENTLoss ContrastiveLoss ContrastiveTensionLoss
        CosineSimilarityLoss DenoisingAutoEncoderLoss DistillKLDivLoss GISTEmbedLoss MSELoss MarginMSELoss
        Matryoshka2dLoss MatryoshkaLoss MegaBatchMarginLoss MultipleNegativesRankingLoss
        MultipleNegativesSymmetricRankingLoss OnlineContrastiveLoss SoftmaxLoss TripletLoss
        """,
    "models": """
        BoW CLIPModel CNN Dense Dropout InputModule LSTM LayerNorm Module Normalize Pooling Router StaticEmbedding
        Transformer WeightedLayerPooling WordEmbeddings WordWeights
        """,
    "models.tokenizer": "PhraseTokenizer WhitespaceTokenizer WordTokenizer",
    "readers": "InputExample LabelSentenceReader NLIDataReader PairedFilesReader STSDataReader TripletReader",
    "sparse_encoder": "SparseEncoder",
    "sparse_encoder.callbacks": "splade_callbacks",
    "sparse_encoder.evaluation": """
        ReciprocalRankFusionEvaluator SparseBinaryClassificationEvaluator SparseEmbeddingSimilarityEvaluator
        SparseInformationRetrievalEvaluator SparseMSEEvaluator SparseNanoBEIREvaluator SparseRerankingEvaluator
        SparseTranslationEvaluator SparseTripletEvaluator
        """,
    "sparse_encoder.losses": """
        CSRLoss FlopsLoss SparseAnglELoss SparseCoSENTLoss SparseCosineSimilarityLoss SparseDistillKLDivLoss
        SparseMSELoss SparseMarginMSELoss SparseMultipleNegativesRankingLoss SparseTripletLoss SpladeLoss
        """,
    "sparse_encoder.models": "MLMTransformer SparseAutoEncoder SparseStaticEmbedding SpladePooling",
}
OLD_PATHS = {path: source for source, path in _BESIDE.items()} | {
    f"{source}.{name}": source for source, names in _WITHIN.items() for name in names.split()
}
"""Each path, and the module of ours that has its names."""


class _OldModule(ModuleType):
    """Gives the names of another module, which is imported when the first is asked for."""

    def __init__(self, name: str, source: str) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None)
        self.__source__ = source

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(self.__source__), name)


def register(root: str) -> None:
    """Put the old paths under `root` where the import system looks first.

    As attributes of their packages the modules would hide the classes whose names they have.
    """
    for path, source in OLD_PATHS.items():
        sys.modules.setdefault(f"{root}.{path}", _OldModule(f"{root}.{path}", f"{root}.{source}"))
