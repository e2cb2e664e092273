"""The modules that models are built from. Importing this package imports no torch; using a name does."""

import importlib
from typing import Any

MODULES = {
    "BoW": "bow",
    "CLIPModel": "clip",
    "CNN": "cnn",
    "Dense": "dense",
    "Dropout": "dropout",
    "InputModule": "input_module",
    "LSTM": "lstm",
    "LayerNorm": "layer_norm",
    "MLMTransformer": "mlm_transformer",
    "Module": "module",
    "Normalize": "normalize",
    "Pooling": "pooling",
    "Router": "router",
    "SparseAutoEncoder": "sparse_auto_encoder",
    "SparseStaticEmbedding": "sparse_static_embedding",
    "SpladePooling": "splade_pooling",
    "StaticEmbedding": "static_embedding",
    "Transformer": "transformer",
    "WeightedLayerPooling": "weighted_layer_pooling",
    "WordEmbeddings": "word_embeddings",
    "WordWeights": "word_weights",
}


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{MODULES[name]}", __name__), name)
