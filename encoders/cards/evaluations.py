"""What evaluators measured: tables for the reader, and the model index for the hub."""

import json
from collections.abc import Mapping
from typing import Any

from .datasets import listed, spoken
from .tables import table

# The metrics of each evaluator, by their full names.
Results = Mapping[Any, Mapping[str, float]]


def section(results: Results) -> str:
    """One table for all evaluators that measure the same in the same way, a column for each."""
    if not results:
        return ""
    groups: dict[tuple[str, str, tuple[str, ...]], list[Any]] = {}
    for evaluator, metrics in results.items():
        key = (type(evaluator).__name__, _settings(evaluator), tuple(_short(evaluator, metrics)))
        groups.setdefault(key, []).append(evaluator)
    return "\n\n".join(["## Evaluation", "### Metrics", *(_block(group, results) for group in groups.values())])


def _block(evaluators: list[Any], results: Results) -> str:
    first = evaluators[0]
    names = [f"`{one.name}`" for one in evaluators if getattr(one, "name", "")]
    lines = [f"#### {first.description}", ""]
    if names:
        lines.append(f"* Dataset{'s' if len(names) > 1 else ''}: {listed(names)}")
    settings = _settings(first)
    lines += [f"* Evaluated with <code>{type(first).__name__}</code>" + (f" with `{settings}`" if settings else ""), ""]
    columns = [_short(one, results[one]) for one in evaluators]
    rows = []
    for metric in columns[0]:
        main = first.primary_metric in (metric, f"{getattr(first, 'name', '')}_{metric}")
        stress = "**" if main else ""
        rows.append([f"{stress}{cell}{stress}" for cell in (metric, *(round(c[metric], 4) for c in columns))])
    several = len(evaluators) > 1
    header = ["Metric", *((getattr(one, "name", "") or "unnamed") if several else "Value" for one in evaluators)]
    return "\n".join([*lines, table(header, rows)])


def _settings(evaluator: Any) -> str:
    settings = evaluator.get_config_dict() if hasattr(evaluator, "get_config_dict") else {}
    return json.dumps(settings, default=spoken) if settings else ""


def _short(evaluator: Any, metrics: Mapping[str, float]) -> dict[str, float]:
    prefix = f"{getattr(evaluator, 'name', '')}_"
    return {key.removeprefix(prefix): value for key, value in metrics.items()}


def metric_names(results: Results) -> list[str]:
    """Every metric once, without the names of datasets."""
    return list(dict.fromkeys(key for one, metrics in results.items() for key in _short(one, metrics)))


def model_index(model_name: str, results: Results) -> list[dict[str, Any]]:
    """The results as the hub reads them."""
    if not results:
        return []
    return [{"name": model_name, "results": [_result(*result) for result in results.items()]}]


def _result(evaluator: Any, metrics: Mapping[str, float]) -> dict[str, Any]:
    task, data = evaluator.description, getattr(evaluator, "name", "") or "Unknown"
    return {
        "task": {"type": task.lower().replace(" ", "-"), "name": task},
        "dataset": {"name": data, "type": data.replace(" ", "-").lower()},
        "metrics": [
            {"type": key, "value": float(value), "name": key.replace("_", " ").title()}
            for key, value in _short(evaluator, metrics).items()
        ],
    }
