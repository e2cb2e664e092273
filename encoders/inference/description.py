"""What a model's folder says about itself, read once into one frozen value. Knows files, not executors."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ..adapter_folder import MERGE, has_adapter
from ..errors import NotAModel
from ..prompts import RETRIEVAL_PROMPTS, TASK_PROMPTS, choose_prompt, task_prompt_name

Kind = Literal["dense", "sparse", "rerank"]

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
PICKLE = "pytorch_model.bin"
_HASH_CHUNK = 1 << 20


@dataclass(frozen=True)
class DenseLayer:
    """A linear layer after the pooling; its weights lie in `folder`."""

    folder: str
    activation: str


@dataclass(frozen=True)
class ModelDescription:
    """A model as its folder describes it."""

    folder: Path
    kind: Kind
    weights: Path
    config: Mapping[str, Any]
    max_tokens: int
    do_lower_case: bool = False
    pooling: tuple[str, ...] = ("mean",)
    dense_layers: tuple[DenseLayer, ...] = ()
    normalize: bool = False
    prompts: Mapping[str, str] | None = None
    default_prompt_name: str | None = None
    similarity: str | None = None
    num_labels: int = 1
    activation: str = "Identity"
    is_static: bool = False
    """Whether vectors are means of a table's rows, with nothing computed."""
    drops_unknown: bool = False
    """Whether tokens that a static model does not know are left out of the mean, as model2vec does."""
    query_table: Path | None = None
    """The folder with the tokens' weights, where queries are looked up and not run."""

    @property
    def has_graph(self) -> bool:
        """Whether the folder brings an ONNX graph rather than bare weights."""
        return self.weights.suffix == ".onnx"

    @property
    def reads_first_only(self) -> bool:
        """Whether the head reads the first token alone, so that the last layer need compute no other."""
        if self.kind == "dense":
            return tuple(self.pooling) == ("cls",)
        return self.kind == "rerank" and self.config.get("classifier_pooling", "cls") == "cls"

    def prompt(self, task: str | None) -> str:
        """The prompt of a task ("query" or "document"), as encode_query and encode_document choose it."""
        usual = {} if self.kind == "rerank" else RETRIEVAL_PROMPTS
        prompts = {**usual, **(self.prompts or {})}
        name = task_prompt_name(prompts, TASK_PROMPTS.get(task or "", ()))
        return choose_prompt(prompts, self.default_prompt_name, None, name) or ""


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
    weights = _weights(folder, allow_pickle=allow_pickle)
    plain = ModelDescription(folder, _plain_kind(folder, config), weights, config, _max_tokens(folder, config))
    if plain.kind == "rerank":
        return replace(plain, num_labels=_num_labels(config), activation=_activation(config))
    return _with_modules(plain)


def _weights(folder: Path, *, allow_pickle: bool = False) -> Path:
    names = (*_WEIGHT_FILES, PICKLE) if allow_pickle else _WEIGHT_FILES
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is not None:
        return found
    if (folder / PICKLE).is_file():
        raise NotAModel(
            f"{str(folder)!r} has its weights in a pickle, {PICKLE}, and pickles can run code: save the model as "
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
        raise NotAModel(f"{str(folder)!r} has the modules {modules}, which run with torch only; use backend='torch'")
    settings = _read(folder / "config_sentence_transformers.json")
    return ModelDescription(
        inner,
        "dense",
        _weights(inner),
        config,
        _STATIC_MAX_TOKENS,
        normalize="Normalize" in modules if modules else bool(config.get("normalize", True)),
        prompts=settings.get("prompts"),
        default_prompt_name=settings.get("default_prompt_name"),
        similarity=settings.get("similarity_fn_name"),
        is_static=True,
        drops_unknown=not modules,
    )


def _with_query_table(folder: Path, routes: Mapping[str, Any]) -> ModelDescription:
    """A router whose documents go through a SPLADE model and whose queries are looked up in a table."""
    kinds = {name: str(stated).rpartition(".")[2] for name, stated in routes.get("types", {}).items()}
    structure = routes.get("structure", {})
    found = {route: [kinds.get(name, name) for name in names] for route, names in structure.items()}
    if found != {"query": ["SparseStaticEmbedding"], "document": ["MLMTransformer", "SpladePooling"]}:
        raise NotAModel(f"{str(folder)!r} has the routes {found}, which run with torch only; use backend='torch'")
    (table,), (body, pooling) = structure["query"], structure["document"]
    inner = folder / body
    config = _read(inner / "config.json")
    settings = _read(folder / "config_sentence_transformers.json")
    return ModelDescription(
        inner,
        "sparse",
        _weights(inner),
        config,
        _max_tokens(inner, config),
        do_lower_case=bool(_read(inner / "sentence_bert_config.json").get("do_lower_case", False)),
        pooling=_splade_pooling(_read(folder / pooling / "config.json"), folder),
        prompts=settings.get("prompts"),
        default_prompt_name=settings.get("default_prompt_name"),
        similarity=settings.get("similarity_fn_name"),
        query_table=folder / table,
    )


def fingerprint(description: ModelDescription) -> str:
    """16 hexadecimal digits over weights, tokenizer, pooling and prompts: equal exactly where the vectors are."""
    digest = hashlib.sha256()
    files = [description.weights, description.folder / "tokenizer.json", description.folder / "vocab.txt"]
    files += [description.folder / layer.folder / "model.safetensors" for layer in description.dense_layers]
    if description.query_table:
        files += sorted(description.query_table.iterdir())
    for path in files:
        if path.is_file():
            with path.open("rb") as stream:
                while chunk := stream.read(_HASH_CHUNK):
                    digest.update(chunk)
    stated = {
        key: value
        for key, value in vars(description).items()
        if key not in {"folder", "weights", "config", "similarity", "dense_layers", "query_table"}
    }
    stated["dense_layers"] = [layer.activation for layer in description.dense_layers]
    digest.update(json.dumps(stated, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def _with_modules(plain: ModelDescription) -> ModelDescription:
    settings = _read(plain.folder / "config_sentence_transformers.json")
    described = replace(
        plain,
        do_lower_case=bool(_read(plain.folder / "sentence_bert_config.json").get("do_lower_case", False)),
        prompts=settings.get("prompts"),
        default_prompt_name=settings.get("default_prompt_name"),
        similarity=settings.get("similarity_fn_name"),
    )
    for module in _modules(plain.folder):
        described = _take(described, module["type"].rpartition(".")[2], str(module["path"]))
    return described


def _take(described: ModelDescription, module: str, path: str) -> ModelDescription:
    config = _read(described.folder / path / "config.json")
    if module == "Transformer":
        return described
    if module == "MLMTransformer":
        return replace(described, kind="sparse")
    if module == "Pooling":
        return replace(described, pooling=_pooling(config, described.folder))
    if module == "Normalize":
        return replace(described, normalize=True)
    if module == "Dense":
        activation = str(config.get("activation_function", "torch.nn.modules.activation.Tanh")).rpartition(".")[2]
        return replace(described, dense_layers=(*described.dense_layers, DenseLayer(path, activation)))
    if module == "SpladePooling":
        return replace(described, kind="sparse", pooling=_splade_pooling(config, described.folder))
    raise NotAModel(
        f"{str(described.folder)!r} uses the module {module}, which runs with torch only; "
        "open it with backend='torch' (pip install 'outrider[torch]')"
    )


def _pooling(config: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    if not config.get("include_prompt", True):
        raise NotAModel(f"{str(folder)!r} pools without its prompt, which runs with torch only; use backend='torch'")
    stated = config.get("pooling_mode")
    if stated:
        return (stated,) if isinstance(stated, str) else tuple(stated)
    return tuple(mode for key, mode in _POOLING_MODES.items() if config.get(key))


def _splade_pooling(config: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    strategy, activation = config.get("pooling_strategy", "max"), config.get("activation_function", "relu")
    if strategy != "max" or activation not in {"relu", "log1p_relu"}:
        raise NotAModel(
            f"{str(folder)!r} pools by {strategy!r} with {activation!r}; without torch only 'max' with 'relu' or "
            "'log1p_relu' runs: use backend='torch'"
        )
    return (strategy, activation)


def _plain_kind(folder: Path, config: Mapping[str, Any]) -> Kind:
    if (folder / "modules.json").is_file():
        return "dense"
    architecture = next(iter(config.get("architectures") or ()), "")
    if architecture.endswith("ForMaskedLM"):
        return "sparse"
    if architecture.endswith("ForSequenceClassification") or not config:
        return "rerank"
    return "dense"


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


def _activation(config: Mapping[str, Any]) -> str:
    stated = (config.get("sentence_transformers") or {}).get("activation_fn") or config.get(
        "sbert_ce_default_activation_function"
    )
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
