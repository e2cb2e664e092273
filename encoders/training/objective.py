"""Which loss is for which data, and the model inside it."""

from collections.abc import Callable, Mapping
from typing import Any

from datasets import DatasetDict
from torch import nn

from .errors import TrainingError


def chosen(loss: Any, prepare: Callable[[Any], Any], **data: Any) -> Any:
    """The loss, or each of a dict, prepared. Raises TrainingError if a dict has none for one of the datasets."""
    if not isinstance(loss, Mapping):
        return prepare(loss)
    _check_names(loss, **data)
    return {name: prepare(one) for name, one in loss.items()}


def _check_names(losses: Mapping[str, Any], **data: Any) -> None:
    for role, datasets in data.items():
        if datasets is None:
            continue
        if not isinstance(datasets, DatasetDict):
            raise TrainingError(f"a dict of losses needs a dict of datasets, but {role} is one dataset")
        if missing := sorted(set(datasets) - set(losses)):
            raise TrainingError(f"{role} has {missing}, for which there is no loss; the losses are {sorted(losses)}")


def prepared(loss: Any, model: Any) -> Any:
    """The loss for this model, on its device; a class or function is called with the model."""
    loss = loss if isinstance(loss, nn.Module) else loss(model)
    return loss.to(model.device)


def with_model(loss: Any, model: Any, kind: type) -> Any:
    """The loss, and those inside it, with `model` in the place of a model of this kind (or of its wrapped form)."""
    for name, child in loss.named_children():
        if name == "model" and isinstance(child, (kind, nn.parallel.DistributedDataParallel, nn.DataParallel)):
            loss.model = model
        elif isinstance(child, nn.Module) and not isinstance(child, kind):
            setattr(loss, name, with_model(child, model, kind))
    return loss


def each(losses: Any) -> list[Any]:
    """One loss, or those of a dict, as a list."""
    return list(losses.values()) if isinstance(losses, Mapping) else [losses]
