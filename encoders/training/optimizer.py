"""The weights that the optimizer moves beside the model's, and rates by parameter name."""

import re
from collections.abc import Mapping
from typing import Any

from .errors import TrainingError


def add_loss_weights(optimizer: Any, losses: list[Any], weight_decay: float) -> dict[str, Any]:
    """Give the optimizer the losses' own weights (a classifier, a learned scale); gives them by name."""
    known = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    own: dict[str, Any] = {}
    for place, loss in enumerate(losses):
        for name, parameter in loss.named_parameters():
            if parameter.requires_grad and id(parameter) not in known:
                known.add(id(parameter))
                own[f"loss.{place}.{name}"] = parameter
    for decays in (True, False):
        params = [value for name, value in own.items() if name.endswith("bias") != decays]
        if params:
            optimizer.add_param_group({"params": params, "weight_decay": weight_decay if decays else 0.0})
    return own


def set_rates(optimizer: Any, named: Mapping[str, Any], rates: Mapping[str, float]) -> None:
    """Another rate for the parameters whose name a pattern is found in. Raises TrainingError if it is in none."""
    names = {id(parameter): name for name, parameter in named.items()}
    for pattern, rate in rates.items():
        found = False
        for group in list(optimizer.param_groups):
            hits = [one for one in group["params"] if re.search(pattern, names.get(id(one), ""))]
            if not hits:
                continue
            found, chosen = True, {id(one) for one in hits}
            group["params"] = [one for one in group["params"] if id(one) not in chosen]
            settings = {key: value for key, value in group.items() if key != "params"}
            optimizer.add_param_group({**settings, "params": hits, "lr": rate})
        if not found:
            raise TrainingError(
                f"learning_rate_mapping: {pattern!r} is found in no name of a trained parameter; "
                f"they look like {', '.join(list(named)[:3])}"
            )
    optimizer.param_groups[:] = [group for group in optimizer.param_groups if group["params"]]
