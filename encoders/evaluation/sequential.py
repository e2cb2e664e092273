"""Several evaluators, one after the other."""

from collections.abc import Callable, Iterable
from typing import Any

from .base import SentenceEvaluator


def _last(scores: list[float]) -> float:
    return scores[-1]


class SequentialEvaluator(SentenceEvaluator):
    """Runs the evaluators, joins their metrics, and makes `sequential_score` of the main ones."""

    def __init__(
        self,
        evaluators: Iterable[SentenceEvaluator],
        main_score_function: Callable[[list[float]], float] = _last,
    ) -> None:
        super().__init__()
        self.evaluators = evaluators
        self.main_score_function = main_score_function

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """All metrics, and `sequential_score`."""
        metrics: dict[str, float] = {}
        scores = []
        for index, evaluator in enumerate(self.evaluators):
            result = evaluator(model, output_path, epoch, steps)
            if not isinstance(result, dict):
                result = {f"evaluator_{index}": result}
            primary = getattr(evaluator, "primary_metric", None)
            scores.append(result[primary] if primary is not None else next(iter(result.values())))
            metrics.update(result)
        self.primary_metric = "sequential_score"
        return {**metrics, "sequential_score": self.main_score_function(scores)}
