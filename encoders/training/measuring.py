"""Which evaluator measures when: one, a list, or one for each evaluation dataset."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..evaluation import SequentialEvaluator


def prepared(evaluator: Any) -> Any:
    """A list becomes one evaluator; of a dict, each entry does."""
    if isinstance(evaluator, Mapping):
        return {name: prepared(one) for name, one in evaluator.items()}
    return SequentialEvaluator(list(evaluator)) if isinstance(evaluator, Sequence) else evaluator


def due(evaluator: Any, eval_dataset: Any, prefix: str) -> dict[str, Any]:
    """Metric prefix -> evaluator, for an evaluation under this prefix.

    A single evaluator measures once, beside the first dataset. One of a dict measures beside the dataset of its name;
    those that name no dataset measure once, too.
    """
    name = prefix.removeprefix("eval_") if isinstance(eval_dataset, Mapping) and prefix.startswith("eval_") else None
    is_first = name is None or name == next(iter(eval_dataset))
    own = "eval" if name is not None else prefix
    if not isinstance(evaluator, Mapping):
        return {own: evaluator} if evaluator is not None and is_first else {}
    apart = {key: one for key, one in evaluator.items() if not (name is not None and key in eval_dataset)}
    found = {f"{own}_{key}": one for key, one in apart.items()} if is_first else {}
    if name in evaluator:
        found[prefix] = evaluator[name]
    return found


def measure(evaluators: Mapping[str, Any], trainer: Any) -> dict[str, float]:
    """The metrics of these evaluators, each name with its prefix."""
    metrics: dict[str, float] = {}
    training = trainer.model.training
    folder = trainer.evaluation_folder
    os.makedirs(folder, exist_ok=True)
    for prefix, evaluator in evaluators.items():
        found = evaluator(trainer.model, output_path=folder, epoch=trainer.state.epoch, steps=trainer.state.global_step)
        found = found if isinstance(found, dict) else {"evaluator": found}
        metrics |= {key if key.startswith(f"{prefix}_") else f"{prefix}_{key}": value for key, value in found.items()}
    trainer.model.train(training)
    return metrics
