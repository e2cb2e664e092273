"""Text -> vectors, term weights and scores. Names load on first use, so that importing the room costs nothing."""

import importlib
from typing import Any

_NAMES = {
    "EncoderError": "errors",
    "MissingExtra": "errors",
    "ModelCorrupt": "errors",
    "ModelNotFound": "errors",
    "NotAModel": "errors",
    "TextTooLong": "errors",
    "DEFAULT_DENSE": "sources",
    "DEFAULT_RERANKER": "sources",
    "DEFAULT_SPARSE": "sources",
    "READY_MODELS": "sources",
    "cache_root": "sources",
    "resolve": "sources",
    "SparseVector": "types",
    "Model": "inference.model",
    "TextRefused": "inference.model",
    "open_model": "inference.model",
    "RefusedText": "inference.tokenizer",
    "TokenizedText": "inference.tokenizer",
    "TokenBudget": "inference.plan",
    "plan_batches": "inference.plan",
    "CrossEncoder": "cross_encoder",
    "CrossEncoderModelCardData": "model_card",
    "CrossEncoderTrainer": "cross_encoder.trainer",
    "CrossEncoderTrainingArguments": "cross_encoder.training_args",
    "DefaultBatchSampler": "sampler",
    "MultiDatasetDefaultBatchSampler": "sampler",
    "SentenceTransformerTrainer": "trainer",
    "SentenceTransformerTrainingArguments": "training_args",
    "SparseEncoderTrainer": "sparse_encoder.trainer",
    "SparseEncoderTrainingArguments": "sparse_encoder.training_args",
    "TrainingError": "training.errors",
    "LoggingHandler": "logging_handler",
    "SentenceTransformerModelCardData": "model_card",
    "SparseEncoderModelCardData": "model_card",
    "SentenceTransformer": "sentence_transformer",
    "SimilarityFunction": "similarity_functions",
    "SparseEncoder": "sparse_encoder",
    "UntrustedCode": "errors",
    "WorkerDied": "errors",
    "WrongBackend": "errors",
    "export_dynamic_quantized_onnx_model": "backends.quantise",
    "export_optimized_onnx_model": "backends.quantise",
    "mine_hard_negatives": "util.hard_negatives",
    "export_static_quantized_openvino_model": "backends.quantise_openvino",
    "prune_layers": "layer_pruning",
    "distil_static": "static_distillation",
    "trainable_folder": "backends.float_folder",
    "write_graph_folder": "inference.graph_folder",
    "quantize_embeddings": "quantization",
    "semantic_search_faiss": "quantized_search",
    "semantic_search_usearch": "quantized_search",
}


# Packages and modules that user code reaches as attributes.
_MODULES = (
    "backend",
    "cross_encoder",
    "data_collator",
    "evaluation",
    "losses",
    "model_card",
    "models",
    "quantization",
    "sampler",
    "similarity_functions",
    "sparse_encoder",
    "trainer",
    "training_args",
    "util",
)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*_NAMES, *_MODULES])
