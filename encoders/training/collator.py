"""Rows of a dataset -> what a loss reads."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from .errors import TrainingError

LABEL_COLUMNS = ("label", "labels", "score", "scores")


@dataclass
class SentenceTransformerDataCollator:
    """Tokenises each text column: `anchor` becomes `anchor_input_ids` and so on. The label column stays as `label`."""

    tokenize_fn: Callable[..., Any]
    valid_label_columns: list[str] = field(default_factory=lambda: list(LABEL_COLUMNS))
    router_mapping: Mapping[str, Any] | None = field(default_factory=dict)
    prompts: Any = field(default_factory=dict)
    include_prompt_lengths: bool = False
    all_special_ids: set[int] = field(default_factory=set)
    _lengths: dict[tuple[str, str | None], int] = field(default_factory=dict)

    def __call__(self, features: list[dict[str, Any]]) -> dict[str, Any]:
        """One batch."""
        batch: dict[str, Any] = {}
        names = list(features[0])
        if "dataset_name" in names:
            names.remove("dataset_name")
            batch["dataset_name"] = features[0]["dataset_name"]
        label = next((name for name in self.valid_label_columns if name in names), None)
        if label is not None:
            names.remove(label)
            batch["label"] = self.labels(label, [row[label] for row in features])
        prompts = of_dataset(self.prompts, batch.get("dataset_name"))
        routes = of_dataset(self.router_mapping, batch.get("dataset_name")) or {}
        for name in names:
            prompt = prompts if isinstance(prompts, str) else (prompts or {}).get(name)
            self.add(batch, name, checked(name, [row[name] for row in features]), prompt, routes.get(name))
        return batch

    def labels(self, name: str, values: list[Any]) -> Any:
        """The label column as the loss reads it. Raises TrainingError for what is no number."""
        return _tensor(name, values)

    def add(self, batch: dict[str, Any], name: str, values: list[Any], prompt: str | None, task: str | None) -> None:
        """Put one column into the batch."""
        if prompt:
            values = [with_prompt(prompt, value) for value in values]
            if self.include_prompt_lengths:
                batch[f"{name}_prompt_length"] = self.prompt_length(prompt, task)
        for key, value in self._tokenized(values, task).items():
            batch[f"{name}_{key}"] = value
        if task is not None:
            # For a Router that is not the first module: nothing else tells it.
            batch.setdefault(f"{name}_task", task)

    def _tokenized(self, values: list[Any], task: str | None) -> Any:
        takes_task = task is not None and _takes_task(self.tokenize_fn)
        return self.tokenize_fn(values, task=task) if takes_task else self.tokenize_fn(values)

    def prompt_length(self, prompt: str, task: str | None = None) -> int:
        """Tokens of the prompt, without the one that ends a text."""
        key = (prompt, task)
        if key not in self._lengths:
            ids = self._tokenized([prompt], task)["input_ids"]
            self._lengths[key] = ids.shape[-1] - int(int(ids[0, -1]) in self.all_special_ids)
        return self._lengths[key]


@dataclass
class SparseEncoderDataCollator(SentenceTransformerDataCollator):
    """The same for sparse encoders."""


@dataclass
class CrossEncoderDataCollator(SentenceTransformerDataCollator):
    """Keeps the texts as lists: the losses pair and tokenise them."""

    def add(self, batch: dict[str, Any], name: str, values: list[Any], prompt: str | None, task: str | None) -> None:  # noqa: ARG002
        """Put one column into the batch."""
        batch[name] = [with_prompt(prompt, value) for value in values] if prompt else values

    def labels(self, name: str, values: list[Any]) -> Any:
        """The label column; lists of labels stay lists, as they need not be equally long."""
        if isinstance(values[0], (list, tuple)):
            return [_tensor(name, one) for one in values]
        return _tensor(name, values)


def checked(name: str, values: list[Any]) -> list[Any]:
    """`values` themselves. Raises TrainingError for a column that a model cannot read."""
    for row, value in enumerate(values):
        if value is None or isinstance(value, (int, float)):
            raise TrainingError(
                f"column {name!r} has {value!r} in row {row} of a batch, where a text is needed; remove the column, or "
                f"the rows, or call it one of {', '.join(LABEL_COLUMNS)} if it is the label"
            )
    return values


def _tensor(name: str, values: Any) -> Any:
    try:
        return torch.tensor(values)
    except (TypeError, ValueError) as err:
        raise TrainingError(
            f"the label column {name!r} cannot be read as numbers ({err}); it begins with {values[0]!r}"
        ) from err


def of_dataset(setting: Any, dataset: str | None) -> Any:
    """The part of a setting that is for this dataset; the setting itself if it names no datasets."""
    if isinstance(setting, Mapping) and dataset is not None:
        if dataset in setting:
            return setting[dataset]
        if any(isinstance(value, Mapping) for value in setting.values()):
            return {}
    return setting


def with_prompt(prompt: str, value: Any) -> Any:
    """The prompt before a text, or before each of a list of texts."""
    return [prompt + text for text in value] if isinstance(value, (list, tuple)) else prompt + value


def _takes_task(function: Callable[..., Any]) -> bool:
    parameters = inspect.signature(function).parameters
    return "task" in parameters or any(value.kind is value.VAR_KEYWORD for value in parameters.values())
