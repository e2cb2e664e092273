"""Helpers around embeddings: similarity, search, mining, tensors, files and the environment."""

from ..lazy import on_first_use

_BY_MODULE = {
    "distributed": ("all_gather", "all_gather_with_grad"),
    "decorators": ("save_to_hub_args_decorator",),
    "environment": (
        "check_package_availability",
        "get_device_name",
        "is_accelerate_available",
        "is_datasets_available",
        "is_training_available",
    ),
    "file_io": ("disabled_tqdm", "http_get", "is_sentence_transformer_model", "load_dir_path", "load_file_path"),
    "hard_negatives": ("mine_hard_negatives",),
    "misc": (
        "append_to_last_row",
        "disable_datasets_caching",
        "disable_logging",
        "fullname",
        "import_from_string",
    ),
    "retrieval": (
        "community_detection",
        "information_retrieval",
        "paraphrase_mining",
        "paraphrase_mining_embeddings",
        "semantic_search",
    ),
    "similarity": (
        "cos_sim",
        "dot_score",
        "euclidean_sim",
        "manhattan_sim",
        "pairwise_angle_sim",
        "pairwise_cos_sim",
        "pairwise_dot_score",
        "pairwise_euclidean_sim",
        "pairwise_manhattan_sim",
        "pytorch_cos_sim",
    ),
    "tensor": (
        "batch_to_device",
        "compute_count_vector",
        "normalize_embeddings",
        "select_max_active_dims",
        "to_scipy_coo",
        "truncate_embeddings",
    ),
}
# Beside this package, as elsewhere in the field's layout.
_OUTSIDE = {
    "SimilarityFunction": ".similarity_functions",
    "install_logger": ".logging_handler",
    "LoggingHandler": ".logging_handler",
    "quantize_embeddings": ".quantization",
    "semantic_search_faiss": ".quantized_search",
    "semantic_search_usearch": ".quantized_search",
}
_NAMES = {name: module for module, names in _BY_MODULE.items() for name in names}

__getattr__, __dir__ = on_first_use(__name__, _NAMES | _OUTSIDE, _BY_MODULE)
