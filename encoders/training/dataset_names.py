"""The name of a dataset in its rows: by it, losses, prompts and routes of several datasets are told apart."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from datasets import Dataset, Features, IterableDataset, Value

from .errors import TrainingError

COLUMN = "dataset_name"
Batch = dict[str, list[Any]]


def names_matter(loss: Any, prompts: Any, router_mapping: Any) -> bool:
    """Whether anything is chosen by the name: a loss, a prompt, or a route."""
    routes = router_mapping.values() if isinstance(router_mapping, Mapping) else ()
    prompts_differ = isinstance(prompts, Mapping) and bool(prompts)
    return isinstance(loss, Mapping) or prompts_differ or any(isinstance(route, Mapping) for route in routes)


def with_name(data: Any, name: str) -> Any:
    """A view of the dataset whose rows have the name; what was set as its transform still runs."""
    if isinstance(data, Dataset):
        form = data.format
        add = partial(add_name, dataset_name=name, **form["format_kwargs"])
        return data.with_transform(add, columns=form["columns"], output_all_columns=form["output_all_columns"])
    if isinstance(data, IterableDataset):
        features = Features({**data.features, COLUMN: Value("string")}) if data.features else None
        return data.map(partial(add_name, dataset_name=name), batched=True, features=features)
    raise TrainingError(f"the dataset {name!r} is a {type(data).__name__}; give a datasets.Dataset or IterableDataset")


def add_name(
    batch: Batch, dataset_name: str | None = None, transform: Callable[[Batch], Batch] | None = None, **_: Any
) -> Batch:
    """The columns of some rows, after `transform`, with one more that has the name in every row."""
    batch = transform(batch) if transform else batch
    rows = len(next(iter(batch.values()), ()))
    return batch if dataset_name is None or not rows else {**batch, COLUMN: [dataset_name] * rows}
