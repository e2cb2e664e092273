"""The modules that models are built from. Importing this package imports no torch; using a name does."""

from ..lazy import on_first_use

MODULES = {
    "BoW": "bow",
    "CLIPModel": "clip",
    "CNN": "cnn",
    "CausalLanguageModel": "causal_lm",
    "Dense": "dense",
    "Dropout": "dropout",
    "InputModule": "input_module",
    "LSTM": "lstm",
    "LayerNorm": "layer_norm",
    "LogitScore": "logit_score",
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

__getattr__, __dir__ = on_first_use(__name__, MODULES)
