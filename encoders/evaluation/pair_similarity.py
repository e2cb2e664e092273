"""Pairs of texts, compared by one or several similarities."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..similarity_functions import SimilarityFunction

Similarities = Mapping[str, Any]


def similarity_names(given: Sequence[str | SimilarityFunction] | None, model: Any) -> list[str]:
    """Those that were asked for, else the model's own."""
    return [SimilarityFunction(name).value for name in given or [model.similarity_fn_name]]


def row_by_row(name: str, left: Any, right: Any) -> np.ndarray[Any, Any]:
    """Similarities of row i with row i."""
    scores = SimilarityFunction.to_similarity_pairwise_fn(name)(left, right)
    values: np.ndarray[Any, Any] = scores.detach().float().cpu().numpy()
    return values


def best_over(metrics: Mapping[str, Mapping[str, float]], named: Callable[[str, str], str]) -> dict[str, float]:
    """Where there are several similarities, the largest value of each metric under the similarity name "max"."""
    if len(metrics) < 2:
        return {}
    keys = next(iter(metrics.values()))
    return {named("max", key): max(values[key] for values in metrics.values()) for key in keys}
