"""What `fit` did beside training: evaluate after every epoch, tell the score, keep the best model."""
# ruff: noqa: ARG002 -- the signatures of transformers

from collections.abc import Callable, Mapping
from typing import Any

from transformers import TrainerCallback


class EvaluateEachEpoch(TrainerCallback):
    """Has the trainer evaluate at the end of every epoch, too."""

    def __init__(self, evaluation_steps: int | None) -> None:
        self.evaluation_steps = evaluation_steps

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Not again where the last step has just been evaluated."""
        steps = self.evaluation_steps
        control.should_evaluate = not (steps and state.global_step % steps == 0)


class TellScore(TrainerCallback):
    """Calls the user's callback(score, epoch, steps) after every evaluation."""

    def __init__(self, callback: Callable[[float, float, int], None], evaluator: Any) -> None:
        self.callback, self.evaluator = callback, evaluator

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """Pass the main metric on."""
        score = main_metric(self.evaluator, metrics or {})
        if score is not None:
            self.callback(score, state.epoch, state.global_step)


class KeepBest(TrainerCallback):
    """Saves the model whenever the evaluator likes it better than before; without an evaluator, in the end."""

    def __init__(self, folder: str, evaluator: Any, *, keep: bool) -> None:
        self.folder, self.evaluator, self.keep = folder, evaluator, keep
        self.best: float | None = None

    def on_evaluate(
        self,
        args: Any,
        state: Any,
        control: Any,
        metrics: Any = None,
        model: Any = None,
        **kwargs: Any,
    ) -> None:
        """Save a better model."""
        score = main_metric(self.evaluator, metrics or {})
        if not self.keep or score is None:
            return
        larger_is_better = getattr(self.evaluator, "greater_is_better", True)
        if self.best is None or (score > self.best if larger_is_better else score < self.best):
            self.best = score
            model.save(self.folder)

    def on_train_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Save the final model where nothing compares it with others."""
        if self.evaluator is None:
            model.save(self.folder)


def main_metric(evaluator: Any, metrics: Mapping[str, float]) -> float | None:
    """The evaluator's primary metric among those of an evaluation."""
    name = getattr(evaluator, "primary_metric", None) or "evaluator"
    return next((value for key, value in metrics.items() if key.endswith(name)), None)
