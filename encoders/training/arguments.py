"""Training arguments: those of transformers and five of our own."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transformers import TrainingArguments
from transformers.training_args import ParallelMode

from .errors import TrainingError
from .multi_dataset import MultiDatasetBatchSamplers
from .samplers import BatchSamplers

logger = logging.getLogger(__name__)


@dataclass
class SentenceTransformerTrainingArguments(TrainingArguments):
    """What a training run is told.

    `prompts` is a text, {column: text}, {dataset: text} or {dataset: {column: text}}; samplers are names, classes or
    functions; `router_mapping` is {column: route}, or that by dataset; `learning_rate_mapping` is {regex: rate};
    `optim_args` may be a dictionary, whose `lr` is the learning rate.
    """

    prompts: Any = None
    batch_sampler: Any = BatchSamplers.BATCH_SAMPLER
    multi_dataset_batch_sampler: Any = MultiDatasetBatchSamplers.PROPORTIONAL
    router_mapping: Any = field(default_factory=dict)
    learning_rate_mapping: Any = field(default_factory=dict)
    warmup_ratio: float | None = None

    def __post_init__(self) -> None:
        if self.warmup_ratio and not self.warmup_steps:
            self.warmup_steps = self.warmup_ratio
        if isinstance(self.optim_args, Mapping):
            given = dict(self.optim_args)
            self.learning_rate = given.pop("lr", self.learning_rate)
            self.optim_args = ",".join(f"{name}={value}" for name, value in given.items()) or None
        super().__post_init__()  # type: ignore[no-untyped-call]
        self.prompts = _parsed(self.prompts, "prompts", plain=True)
        self.router_mapping = _parsed(self.router_mapping, "router_mapping") or {}
        self.learning_rate_mapping = _parsed(self.learning_rate_mapping, "learning_rate_mapping") or {}
        if isinstance(self.batch_sampler, str):
            self.batch_sampler = BatchSamplers(self.batch_sampler)
        if isinstance(self.multi_dataset_batch_sampler, str):
            self.multi_dataset_batch_sampler = MultiDatasetBatchSamplers(self.multi_dataset_batch_sampler)
        self.prediction_loss_only = True
        if self.fp16 and self.device.type == "cpu":
            # accelerate leaves it out without a word.
            logger.warning("fp16 does nothing on a CPU; bf16=True computes in 16 bits there")
        # The model runs once for each column before one backward pass: buffers must not be written in between.
        self.ddp_broadcast_buffers = False
        if self.parallel_mode == ParallelMode.DISTRIBUTED:
            # Every process needs the same number of batches, or the last ones wait for ever.
            self.dataloader_drop_last = True

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        values: dict[str, Any] = super().to_dict()  # type: ignore[no-untyped-call]
        for name in ("batch_sampler", "multi_dataset_batch_sampler"):
            given = getattr(self, name)
            values[name] = str(given.value) if hasattr(given, "value") else getattr(given, "__name__", str(given))
        return values


@dataclass
class SparseEncoderTrainingArguments(SentenceTransformerTrainingArguments):
    """The same for sparse encoders."""


@dataclass
class CrossEncoderTrainingArguments(SentenceTransformerTrainingArguments):
    """The same for cross-encoders."""


def _parsed(value: Any, name: str, *, plain: bool = False) -> Any:
    """A setting from the command line is JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as err:
        if plain:
            return value
        raise TrainingError(f"{name} is {value!r}; give a dictionary, or one as JSON") from err
