"""Checking training data."""

from collections.abc import Mapping
from typing import Any

from datasets import DatasetDict, IterableDataset

from ..modules.router import Router
from .dataset_names import COLUMN
from .errors import TrainingError

RESERVED = ("return_loss", COLUMN)


def as_datasets(data: Any, role: str) -> Any:
    """One dataset, or a DatasetDict of named ones. Raises TrainingError if there is nothing in one."""
    if isinstance(data, Mapping) and not isinstance(data, DatasetDict):
        data = DatasetDict(data)
    for name, part in data.items() if isinstance(data, DatasetDict) else ((None, data),):
        check(part, role if name is None else f"{role} {name!r}")
    return data


def check(data: Any, role: str) -> None:
    """Raises TrainingError for an empty dataset, or one with a column name that the trainer needs itself."""
    if data is None or isinstance(data, (str, IterableDataset)):
        return
    if len(data) == 0:
        raise TrainingError(f"the {role} has no rows; there is nothing to train or evaluate on")
    taken = [name for name in RESERVED if name in (getattr(data, "column_names", None) or ())]
    if taken:
        raise TrainingError(f"the {role} has the column(s) {taken}, which the trainer uses itself; rename them")


def check_routes(model: Any, data: Any) -> None:
    """Raises TrainingError if the model has a Router, and neither arguments nor rows ({route: text}) name a route."""
    if not any(isinstance(module, Router) for module in model.children()):
        return
    part = next(iter(data.values())) if isinstance(data, DatasetDict) else data
    rows = iter(part) if part is not None else iter(())
    if not any(isinstance(value, Mapping) for value in next(rows, {}).values()):
        raise TrainingError(
            "the model has a Router, so the arguments need a router_mapping that says which column takes which route, "
            "such as {'question': 'query', 'answer': 'document'}"
        )
