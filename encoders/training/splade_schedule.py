"""SPLADE's regularisers grow from nothing, so that the model learns to match before it learns to be sparse."""

from enum import StrEnum
from typing import Any

from transformers import TrainerCallback

_WEIGHTS = ("query_regularizer_weight", "document_regularizer_weight")


class SchedulerType(StrEnum):
    """How the weights grow."""

    LINEAR = "linear"
    QUADRATIC = "quadratic"


def is_regularised(loss: Any) -> bool:
    """Whether the loss has weights to schedule."""
    return all(hasattr(loss, name) for name in _WEIGHTS)


class SpladeRegularizerWeightSchedulerCallback(TrainerCallback):
    """Raises the regularisers' weights over the first `warmup_ratio` of the steps (arXiv:2109.10086, section 3)."""

    def __init__(
        self, loss: Any, scheduler_type: str | SchedulerType = SchedulerType.QUADRATIC, warmup_ratio: float = 1 / 3
    ) -> None:
        if not is_regularised(loss):
            raise ValueError(f"{type(loss).__name__} has no regulariser weights to schedule; give a SpladeLoss")
        if not 0 <= warmup_ratio <= 1:
            raise ValueError(f"warmup_ratio must be between 0 and 1, got {warmup_ratio}")
        self.loss, self.warmup_ratio = loss, warmup_ratio
        self.scheduler_type = SchedulerType(scheduler_type)
        self.full = {name: getattr(loss, name) for name in _WEIGHTS}

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Set the weights of this step."""
        warmup = int(state.max_steps * self.warmup_ratio)
        share = 1.0 if state.global_step >= warmup or warmup == 0 else state.global_step / warmup
        share = share**2 if self.scheduler_type is SchedulerType.QUADRATIC else share
        for name, full in self.full.items():
            setattr(self.loss, name, None if full is None else full * share)
