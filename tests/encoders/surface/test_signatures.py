"""Every public name is importable from where user code has it, with the reference's parameters and defaults."""

import importlib
import importlib.util
import inspect
import subprocess
import sys
from typing import Any

import pytest
from torch import nn

PACKAGE, REFERENCE = "outrider.encoders", "sentence_transformers"
TOP_LEVEL = """
SentenceTransformer SparseEncoder CrossEncoder SimilarityFunction LoggingHandler quantize_embeddings
SentenceTransformerModelCardData SparseEncoderModelCardData CrossEncoderModelCardData
export_optimized_onnx_model export_dynamic_quantized_onnx_model export_static_quantized_openvino_model
mine_hard_negatives
"""
TOP_LEVEL_OF_TRAINING = """
SentenceTransformerTrainer SentenceTransformerTrainingArguments SparseEncoderTrainer SparseEncoderTrainingArguments
CrossEncoderTrainer CrossEncoderTrainingArguments DefaultBatchSampler MultiDatasetDefaultBatchSampler
"""
TOP_LEVEL_OF_OLD_DATA = "InputExample SentencesDataset ParallelSentencesDataset"
UTIL = """
all_gather all_gather_with_grad get_device_name check_package_availability is_accelerate_available
is_datasets_available is_training_available disabled_tqdm is_sentence_transformer_model load_file_path load_dir_path
http_get mine_hard_negatives fullname import_from_string disable_datasets_caching disable_logging append_to_last_row
paraphrase_mining paraphrase_mining_embeddings information_retrieval semantic_search community_detection
pytorch_cos_sim cos_sim pairwise_cos_sim dot_score pairwise_dot_score manhattan_sim pairwise_manhattan_sim
euclidean_sim pairwise_euclidean_sim pairwise_angle_sim normalize_embeddings truncate_embeddings
select_max_active_dims batch_to_device to_scipy_coo compute_count_vector save_to_hub_args_decorator
"""
# Where user code imports from -> names. What is not there yet as a package is another part's work.
MODULES = {
    "": TOP_LEVEL,
    "models": """
        BoW CLIPModel CNN Dense Dropout InputModule LSTM LayerNorm Module Normalize Pooling Router Asym StaticEmbedding
        Transformer WeightedLayerPooling WordEmbeddings WordWeights
    """,
    "models.tokenizer": "WhitespaceTokenizer PhraseTokenizer TransformersTokenizerWrapper",
    "sparse_encoder": "SparseEncoder SparseEncoderModelCardData SparseEncoderTrainer SparseEncoderTrainingArguments",
    "sparse_encoder.model_card": "SparseEncoderModelCardData",
    "sparse_encoder.models": "MLMTransformer SparseAutoEncoder SparseStaticEmbedding SpladePooling",
    "sparse_encoder.evaluation": """
        ReciprocalRankFusionEvaluator SparseBinaryClassificationEvaluator SparseEmbeddingSimilarityEvaluator
        SparseInformationRetrievalEvaluator SparseMSEEvaluator SparseNanoBEIREvaluator SparseRerankingEvaluator
        SparseTranslationEvaluator SparseTripletEvaluator
    """,
    "sparse_encoder.search_engines": """
        semantic_search_qdrant semantic_search_elasticsearch semantic_search_seismic semantic_search_opensearch
    """,
    "cross_encoder": "CrossEncoder CrossEncoderModelCardData CrossEncoderTrainer CrossEncoderTrainingArguments",
    "cross_encoder.model_card": "CrossEncoderModelCardData",
    "peft_mixin": "PeftAdapterMixin",
    "cross_encoder.evaluation": """
        CrossEncoderClassificationEvaluator CrossEncoderCorrelationEvaluator CrossEncoderNanoBEIREvaluator
        CrossEncoderRerankingEvaluator CEBinaryAccuracyEvaluator CEBinaryClassificationEvaluator
        CECorrelationEvaluator CEF1Evaluator CERerankingEvaluator CESoftmaxAccuracyEvaluator
    """,
    "evaluation": """
        BinaryClassificationEvaluator EmbeddingSimilarityEvaluator InformationRetrievalEvaluator LabelAccuracyEvaluator
        MSEEvaluator MSEEvaluatorFromDataFrame NanoBEIREvaluator ParaphraseMiningEvaluator RerankingEvaluator
        SentenceEvaluator SequentialEvaluator TranslationEvaluator TripletEvaluator SimilarityFunction
    """,
    "quantization": "quantize_embeddings semantic_search_faiss semantic_search_usearch",
    "similarity_functions": "SimilarityFunction",
    "model_card": "SentenceTransformerModelCardData generate_model_card",
    "backend": """
        load_onnx_model load_openvino_model export_optimized_onnx_model export_dynamic_quantized_onnx_model
        export_static_quantized_openvino_model
    """,
    "util": UTIL,
    "util.similarity": "cos_sim dot_score",
    "util.tensor": "normalize_embeddings truncate_embeddings batch_to_device",
    "util.retrieval": "semantic_search paraphrase_mining community_detection",
    "util.hard_negatives": "mine_hard_negatives",
    "util.environment": "get_device_name is_datasets_available",
    "util.file_io": "http_get load_file_path load_dir_path",
    "util.misc": "fullname import_from_string disable_logging",
    "util.distributed": "all_gather all_gather_with_grad",
    "util.decorators": "save_to_hub_args_decorator",
}
TRAINING = {
    # Key: where user code imports from; then the package that brings it, and the names.
    "": ("training", TOP_LEVEL_OF_TRAINING),
    "losses": (
        "losses",
        """
        AdaptiveLayerLoss AnglELoss BatchAllTripletLoss BatchHardSoftMarginTripletLoss BatchHardTripletLoss
        BatchSemiHardTripletLoss CachedGISTEmbedLoss CachedMultipleNegativesRankingLoss
        CachedMultipleNegativesSymmetricRankingLoss CoSENTLoss ContrastiveLoss ContrastiveTensionLoss
        ContrastiveTensionLossInBatchNegatives CosineSimilarityLoss DenoisingAutoEncoderLoss DistillKLDivLoss
        GISTEmbedLoss MSELoss MarginMSELoss Matryoshka2dLoss MatryoshkaLoss MegaBatchMarginLoss
        MultipleNegativesRankingLoss MultipleNegativesSymmetricRankingLoss OnlineContrastiveLoss SoftmaxLoss TripletLoss
        """,
    ),
    "sparse_encoder.losses": (
        "sparse_encoder.losses",
        """
        CSRReconstructionLoss CSRLoss FlopsLoss SparseAnglELoss SparseCoSENTLoss SparseCosineSimilarityLoss
        SparseDistillKLDivLoss SparseMSELoss SparseMarginMSELoss SparseMultipleNegativesRankingLoss SparseTripletLoss
        SpladeLoss
        """,
    ),
    "cross_encoder.losses": (
        "cross_encoder.losses",
        """
        BinaryCrossEntropyLoss CachedMultipleNegativesRankingLoss CrossEntropyLoss NoWeightingScheme NDCGLoss1Scheme
        NDCGLoss2Scheme LambdaRankScheme NDCGLoss2PPScheme LambdaLoss ListMLELoss ListNetLoss MSELoss MarginMSELoss
        MultipleNegativesRankingLoss PListMLELambdaWeight PListMLELoss RankNetLoss
        """,
    ),
    "sampler": (
        "sampler",
        """
        SetEpochMixin DefaultBatchSampler GroupByLabelBatchSampler NoDuplicatesBatchSampler
        MultiDatasetDefaultBatchSampler RoundRobinBatchSampler ProportionalBatchSampler
        """,
    ),
    "readers": (
        "readers",
        """
        InputExample LabelSentenceReader NLIDataReader STSDataReader STSBenchmarkDataReader TripletReader
        """,
    ),
    "readers.PairedFilesReader": ("readers", "PairedFilesReader"),
}
CLASSES = ("SentenceTransformer", "SparseEncoder", "CrossEncoder")
# Of the reference's base classes, or ways to train that come with the trainers.
FOREIGN = {"fit", "old_fit", "smart_batching_collate", "smart_batching_collate_text_only"}
# Objects that the reference makes for its signature, and this one when it is called.
MADE_WHEN_NEEDED = {"tokenizer": None, "loss_fct": None, "cos_score_transformation": None}
# Names of 6.x; a test of the trainers says that the older ones are accepted.
LATER_NAMES = {"tokenizer": "processing_class"}
# What the reference's modules have for themselves.
INNER = {
    "BoW": {"get_sentence_features"},
    "Pooling": {"POOLING_MODES"},
    "SpladePooling": {"SPLADE_ACTIVATION", "SPLADE_POOLING_MODES"},
    "SparseAutoEncoder": {"LN", "decode", "encode_pre_act", "preprocess", "top_k", "add_new_tokens"},
    "SparseEncoder": {"save_to_hub"},
}


def _names() -> list[tuple[str, str]]:
    listed = [(module, name) for module, names in MODULES.items() for name in names.split()]
    if importlib.util.find_spec(f"{PACKAGE}.readers") is not None:
        listed += [("", name) for name in TOP_LEVEL_OF_OLD_DATA.split()]
    for module, (package, names) in TRAINING.items():
        if importlib.util.find_spec(f"{PACKAGE}.{package}") is not None:
            listed += [(module, name) for name in names.split()]
    return listed


def _find(package: str, module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"{package}.{module}" if module else package), name)


def default(value: Any) -> Any:
    """Defaults that are objects are compared by what they are."""
    if isinstance(value, nn.Module):
        return repr(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return sorted(value, key=repr)
    if callable(value) and value is not inspect.Parameter.empty:
        return "a function"
    return "an object" if type(value).__module__.startswith((PACKAGE, REFERENCE)) else value


def differences(ours: Any, theirs: Any) -> list[str]:
    """What a caller would notice: missing parameters, another order or default; more parameters at the end are fine."""
    left, given = (inspect.signature(thing).parameters for thing in (ours, theirs))
    right = {LATER_NAMES.get(name, name) if name not in left else name: p for name, p in given.items()}
    found = []
    takes_any = {p.kind for p in left.values()}
    for name, wanted in right.items():
        if wanted.kind in (wanted.VAR_POSITIONAL, wanted.VAR_KEYWORD):
            if wanted.kind not in takes_any:
                found.append(f"no {wanted}")
        elif name not in left:
            found.append(f"no {name}")
        elif wanted.default is not wanted.empty and default(left[name].default) not in (
            default(wanted.default),
            MADE_WHEN_NEEDED.get(name, inspect.Parameter),
        ):
            found.append(f"{name}={left[name].default!r}, not {wanted.default!r}")
    keyword_only = {name for name, p in left.items() if p.kind is p.KEYWORD_ONLY}
    usual = [name for name, p in right.items() if p.kind is p.POSITIONAL_OR_KEYWORD and name not in keyword_only]
    ordered = [name for name, p in left.items() if p.kind is p.POSITIONAL_OR_KEYWORD][: len(usual)]
    if not found and ordered != usual:
        found.append(f"the order is {ordered}, not {usual}")
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("module", "name"), _names())
def test_a_public_name_and_its_parameters(module: str, name: str) -> None:
    ours, theirs = _find(PACKAGE, module, name), _find(REFERENCE, module, name)
    if callable(theirs) and not isinstance(theirs, type(SIMILARITY)):
        assert not differences(ours, theirs)


SIMILARITY = _find(PACKAGE, "", "SimilarityFunction")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("module", "name"),
    [
        *(("", name) for name in CLASSES),
        *(("models", name) for name in MODULES["models"].split()),
        *(("sparse_encoder.models", name) for name in MODULES["sparse_encoder.models"].split()),
        ("evaluation", "SentenceEvaluator"),
    ],
)
def test_methods_and_properties(module: str, name: str) -> None:
    ours, theirs = _find(PACKAGE, module, name), _find(REFERENCE, module, name)
    found = {}
    inherited = set(dir(nn.Sequential)) | set(dir(dict))
    for member in sorted(set(dir(theirs)) - inherited - FOREIGN - INNER.get(name, set())):
        if member.startswith("_"):
            continue
        if not hasattr(ours, member):
            found[member] = ["missing"]
        elif inspect.isroutine(getattr(theirs, member)) and (wrong := differences_of(ours, theirs, member)):
            found[member] = wrong
    assert not found


def differences_of(ours: Any, theirs: Any, member: str) -> list[str]:
    return differences(getattr(ours, member), getattr(theirs, member))


def test_submodules_are_attributes_of_the_package() -> None:
    script = (
        "import outrider.encoders as e, sys; assert 'torch' not in sys.modules; print(e.util.cos_sim([1.0], [2.0]))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "tensor([[1.]])"
