"""Reads a model's folder into its description. Knows files, not executors."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..adapter_folder import MERGE, has_adapter
from ..errors import NotAModel
from .description import DenseLayer, Kind, ModelDescription

# sentence_bert_config.json may hold no limit; beyond this many tokens no common encoder was trained.
_DEFAULT_MAX_TOKENS = 512
# A mean of rows has no limit of its own; this one keeps a single text from taking all memory.
_STATIC_MAX_TOKENS = 100_000
_POOLING_MODES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_WEIGHT_FILES = ("model.safetensors", "model.onnx", "onnx/model.onnx")
_PICKLE = "pytorch_model.bin"
_KINDS: Mapping[str, Kind] = {"SentenceTransformer": "dense", "SparseEncoder": "sparse", "CrossEncoder": "rerank"}
# What a model is by one of its modules, or by what its transformer computes, where its settings do not say.
_KINDS_BY_PART: Mapping[str, Kind] = {
    "MLMTransformer": "sparse",
    "SpladePooling": "sparse",
    "SparseAutoEncoder": "sparse",
    "fill-mask": "sparse",
    "sequence-classification": "rerank",
    "LogitScore": "rerank",
}
_OURS = "sentence_transformers."
_TRANSFORMERS = ("MLMTransformer", "Transformer")
_TABLE_AND_MODEL = [{"query": ["SparseStaticEmbedding"], "document": [body, "SpladePooling"]} for body in _TRANSFORMERS]
_OPEN_AS = "only torch runs it: open it as "


def describe(folder: Path, *, allow_pickle: bool = False) -> ModelDescription:
    """Read a Sentence Transformers folder, a plain transformers folder, or one with an ONNX graph and a tokenizer.

    Raises NotAModel with the part that is missing or not understood.
    """
    if has_adapter(folder):
        raise NotAModel(f"{str(folder)!r} holds an adapter, which runs with torch only; {MERGE}")
    routes = _read(folder / "router_config.json")
    if routes:
        return _with_query_table(folder, routes)
    config = _read(folder / "config.json")
    static = _static_folder(folder, config)
    if static:
        return _static(folder, static, config)
    settings = _read(folder / "config_sentence_transformers.json")
    described = ModelDescription(
        folder,
        _kind(folder, config, settings),
        _weights(folder, allow_pickle=allow_pickle),
        config,
        _max_tokens(folder, config),
        do_lower_case=bool(_read(folder / "sentence_bert_config.json").get("do_lower_case", False)),
        **_stated(settings),
    )
    if described.kind == "rerank":
        described = replace(described, num_labels=_num_labels(config), activation=_activation(config, settings))
    for module in _modules(folder):
        described = _take(described, str(module["type"]), str(module["path"]))
    try:
        described.prompt(None)
    except ValueError as err:
        raise NotAModel(f"the default prompt of {str(folder)!r} is not among its prompts: {err}") from err
    return described


def _stated(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What config_sentence_transformers.json says of any model."""
    return {
        "prompts": settings.get("prompts"),
        "default_prompt_name": settings.get("default_prompt_name"),
        "similarity": settings.get("similarity_fn_name"),
    }


def _kind(folder: Path, config: Mapping[str, Any], settings: Mapping[str, Any]) -> Kind:
    if not (folder / "modules.json").is_file():
        return _plain_kind(config)
    if stated := settings.get("model_type"):
        if stated not in _KINDS:
            raise NotAModel(f"{str(folder)!r} is a {stated}, which is not known here; known are {', '.join(_KINDS)}")
        return _KINDS[stated]
    parts = [module["type"].rpartition(".")[2] for module in _modules(folder)]
    parts.append(str(_read(folder / "sentence_bert_config.json").get("transformer_task")))
    return next((_KINDS_BY_PART[part] for part in parts if part in _KINDS_BY_PART), "dense")


def _plain_kind(config: Mapping[str, Any]) -> Kind:
    architecture = next(iter(config.get("architectures") or ()), "")
    if architecture.endswith("ForMaskedLM"):
        return "sparse"
    if architecture.endswith("ForSequenceClassification") or not config:
        return "rerank"
    return "dense"


def _weights(folder: Path, *, allow_pickle: bool = False) -> Path:
    names = (*_WEIGHT_FILES, _PICKLE) if allow_pickle else _WEIGHT_FILES
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is not None:
        return found
    if (folder / _PICKLE).is_file():
        raise NotAModel(
            f"{str(folder)!r} has its weights in a pickle, {_PICKLE}, and pickles can run code: save the model as "
            "safetensors, or, if you trust where it comes from, set allow_pickle for it"
        )
    raise NotAModel(
        f"{str(folder)!r} has no weights that run without torch ({', '.join(_WEIGHT_FILES)}); "
        "save the model as safetensors, or export it to ONNX"
    )


def _static_folder(folder: Path, config: Mapping[str, Any]) -> Path | None:
    modules = _modules(folder)
    if modules and modules[0]["type"].rpartition(".")[2] == "StaticEmbedding":
        return folder / str(modules[0]["path"])
    return folder if not modules and config.get("model_type") == "model2vec" else None


def _static(folder: Path, inner: Path, config: Mapping[str, Any]) -> ModelDescription:
    modules = [module["type"].rpartition(".")[2] for module in _modules(folder)]
    if set(modules) - {"StaticEmbedding", "Normalize"}:
        raise NotAModel(f"{str(folder)!r} has the modules {modules}; {_OPEN_AS}SentenceTransformer")
    settings = _read(folder / "config_sentence_transformers.json")
    return ModelDescription(
        inner,
        "dense",
        _weights(inner),
        config,
        _STATIC_MAX_TOKENS,
        normalize="Normalize" in modules if modules else bool(config.get("normalize", True)),
        **_stated(settings),
        is_static=True,
        drops_unknown=not modules,
    )


def _with_query_table(folder: Path, routes: Mapping[str, Any]) -> ModelDescription:
    """A router whose documents go through a SPLADE model and whose queries are looked up in a table."""
    kinds = {name: str(stated).rpartition(".")[2] for name, stated in routes.get("types", {}).items()}
    structure = routes.get("structure", {})
    found = {route: [kinds.get(name, name) for name in names] for route, names in structure.items()}
    if found not in _TABLE_AND_MODEL:
        raise NotAModel(f"{str(folder)!r} has the routes {found}; {_OPEN_AS}SparseEncoder")
    (table,), (body, pooling) = structure["query"], structure["document"]
    inner = folder / body
    config = _read(inner / "config.json")
    splade = _splade_pooling(_read(folder / pooling / "config.json"))
    if splade is None:
        raise NotAModel(f"{str(folder)!r} does not pool by 'max'; {_OPEN_AS}SparseEncoder")
    settings = _read(folder / "config_sentence_transformers.json")
    return ModelDescription(
        inner,
        "sparse",
        _weights(inner),
        config,
        _max_tokens(inner, config),
        do_lower_case=bool(_read(inner / "sentence_bert_config.json").get("do_lower_case", False)),
        pooling=splade,
        **_stated(settings),
        query_table=folder / table,
    )


def _take(described: ModelDescription, type_name: str, path: str) -> ModelDescription:
    """The description with one more module."""
    folder, module = described.folder, type_name.rpartition(".")[2]
    if not type_name.startswith(_OURS):
        raise NotAModel(f"{str(folder)!r} brings its own code for the module {type_name!r}, which is not run here")
    if module in _TRANSFORMERS:
        return described
    config = _read(folder / path / "config.json")
    read = _HEADS.get(module) if described.kind != "rerank" else None
    return (read and read(described, config, path)) or _by_torch(described, module, path, config)


def _by_torch(described: ModelDescription, module: str, path: str, config: Mapping[str, Any]) -> ModelDescription:
    """The model with a module that no graph is built for. Raises NotAModel where torch would be given too little."""
    folder = described.folder
    if module == "LogitScore":
        raise NotAModel(f"{str(folder)!r} reads its scores from a language model's logits; open it as CrossEncoder")
    if described.kind == "sparse" and module != "SpladePooling":
        raise NotAModel(f"{str(folder)!r} has the module {module}, whose numbers are no terms; {_OPEN_AS}SparseEncoder")
    return replace(
        described,
        torch_only=described.torch_only or module,
        torch_folders=(*described.torch_folders, folder / path),
        normalize=False,
        num_labels=int(config.get("out_features", described.num_labels)),
    )


def _with_pooling(described: ModelDescription, config: Mapping[str, Any], _: str) -> ModelDescription:
    if not config.get("include_prompt", True):
        raise NotAModel(f"{str(described.folder)!r} pools without its prompt; {_OPEN_AS}SentenceTransformer")
    stated = config.get("pooling_mode") or tuple(mode for key, mode in _POOLING_MODES.items() if config.get(key))
    return replace(described, pooling=(stated,) if isinstance(stated, str) else tuple(stated))


def _with_length_1(described: ModelDescription, config: Mapping[str, Any], _: str) -> ModelDescription | None:
    return replace(described, normalize=True) if _is_of_embedding(config) else None


def _with_layer(described: ModelDescription, config: Mapping[str, Any], path: str) -> ModelDescription | None:
    if described.normalize or described.torch_only or config.get("use_residual") or not _is_of_embedding(config):
        return None
    activation = str(config.get("activation_function", "torch.nn.modules.activation.Tanh")).rpartition(".")[2]
    return replace(described, dense_layers=(*described.dense_layers, DenseLayer(path, activation)))


def _with_terms(described: ModelDescription, config: Mapping[str, Any], _: str) -> ModelDescription | None:
    pooling = _splade_pooling(config)
    return replace(described, pooling=pooling) if pooling else None


_Head = Callable[[ModelDescription, Mapping[str, Any], str], ModelDescription | None]
_HEADS: Mapping[str, _Head] = {
    "Pooling": _with_pooling,
    "Normalize": _with_length_1,
    "Dense": _with_layer,
    "SpladePooling": _with_terms,
}


def _splade_pooling(config: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Strategy and activation; None for those that no graph is built for."""
    strategy, activation = config.get("pooling_strategy", "max"), config.get("activation_function", "relu")
    return (strategy, activation) if strategy == "max" and activation in {"relu", "log1p_relu"} else None


def _is_of_embedding(config: Mapping[str, Any]) -> bool:
    """Whether a module of 6.x reads and writes the embedding, as all did before."""
    usual = "sentence_embedding"
    given = config.get("module_input_name") or usual
    return given == usual == (config.get("module_output_name") or given)


def _modules(folder: Path) -> list[dict[str, Any]]:
    path = folder / "modules.json"
    if not path.is_file():
        return []
    modules: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return modules


def _max_tokens(folder: Path, config: Mapping[str, Any]) -> int:
    stated = _read(folder / "sentence_bert_config.json").get("max_seq_length")
    if stated:
        return int(stated)
    tokenizer = _read(folder / "tokenizer_config.json").get("model_max_length")
    positions = config.get("max_position_embeddings")
    known = [int(limit) for limit in (tokenizer, positions) if isinstance(limit, int | float) and limit < 1e9]
    return min(known, default=_DEFAULT_MAX_TOKENS)


def _num_labels(config: Mapping[str, Any]) -> int:
    labels = config.get("id2label")
    return int(config.get("num_labels") or (len(labels) if labels else 1))


def _activation(config: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    own = config.get("sentence_transformers") or {}
    stated = settings.get("activation_fn") or own.get("activation_fn")
    stated = stated or config.get("sbert_ce_default_activation_function")
    if stated:
        return str(stated).rpartition(".")[2]
    return "Sigmoid" if _num_labels(config) == 1 else "Identity"


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as err:
        raise NotAModel(f"{str(path)!r} is not valid JSON ({err}); fetch the model again") from err
    return content
