"""Text -> vectors, term weights and scores. Names load on first use, so that importing the room costs nothing."""

from .lazy import on_first_use

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
    "InputExample": "readers",
    "ParallelSentencesDataset": "datasets",
    "SentencesDataset": "datasets",
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
    "last_checkpoint": "training.checkpoints",
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
    "datasets",
    "evaluation",
    "losses",
    "model_card",
    "models",
    "peft_mixin",
    "quantization",
    "readers",
    "sampler",
    "similarity_functions",
    "sparse_encoder",
    "trainer",
    "training_args",
    "training_data",
    "util",
)


__getattr__ = on_first_use(__name__, _NAMES, _MODULES)


def __dir__() -> list[str]:
    return sorted([*_NAMES, *_MODULES])
