"""What a model's folder says about itself, as one frozen value, and the fingerprint of what it stands for."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..prompts import RETRIEVAL_PROMPTS, TASK_PROMPTS, choose_prompt, task_prompt_name

Kind = Literal["dense", "sparse", "rerank"]

_HASH_CHUNK = 1 << 20
# What says nothing of the rows, or what the hashed files say.
_NOT_STATED = {
    "folder", "weights", "config", "similarity", "dense_layers", "query_table", "torch_only", "torch_folders",
}  # fmt: skip


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
    torch_only: str = ""
    """The module for which no graph is built, so that torch runs the model; empty where there is none."""
    torch_folders: tuple[Path, ...] = ()
    """The folders of the modules that only torch runs."""

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
        """The prompt of a task ("query" or "document"), as encode_query and encode_document choose it.

        A reranker has no tasks: it puts its default prompt, if it has one, before every query.
        """
        is_pair = self.kind == "rerank"
        prompts = {**({} if is_pair else RETRIEVAL_PROMPTS), **(self.prompts or {})}
        name = None if is_pair else task_prompt_name(prompts, TASK_PROMPTS.get(task or "", ()))
        return choose_prompt(prompts, self.default_prompt_name, None, name) or ""


def fingerprint(description: ModelDescription) -> str:
    """16 hexadecimal digits over weights, tokenizer, pooling and prompts: equal exactly where the vectors are."""
    digest = hashlib.sha256()
    files = [description.weights, description.folder / "tokenizer.json", description.folder / "vocab.txt"]
    files += [description.folder / layer.folder / "model.safetensors" for layer in description.dense_layers]
    for folder in (description.query_table, *description.torch_folders):
        files += sorted(folder.iterdir()) if folder else []
    for path in files:
        if path.is_file():
            with path.open("rb") as stream:
                while chunk := stream.read(_HASH_CHUNK):
                    digest.update(chunk)
    stated = {key: value for key, value in vars(description).items() if key not in _NOT_STATED}
    stated["dense_layers"] = [layer.activation for layer in description.dense_layers]
    digest.update(json.dumps(stated, sort_keys=True).encode())
    return digest.hexdigest()[:16]
