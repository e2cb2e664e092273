"""The training itself. The one file of this folder that needs torch and datasets when it is imported."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset, disable_progress_bars
from transformers import PrinterCallback, TrainerCallback
from transformers.utils import logging as hf_logging

from outrider.encoders import (
    CrossEncoderTrainer,
    CrossEncoderTrainingArguments,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
    SparseEncoderTrainer,
    SparseEncoderTrainingArguments,
    last_checkpoint,
)
from outrider.encoders.cross_encoder import losses as pair_losses
from outrider.encoders.losses import MarginMSELoss, MultipleNegativesRankingLoss
from outrider.encoders.modules import Normalize
from outrider.encoders.sparse_encoder import losses as sparse_losses
from outrider.encoders.util import pairwise_dot_score

from .clock import Clock
from .labels import Row
from .spec import Training, TrainSpec
from .student import freeze

Progress = Callable[[int, int], None]

_TRAINERS: dict[str, tuple[Any, Any]] = {
    "dense": (SentenceTransformerTrainer, SentenceTransformerTrainingArguments),
    "sparse": (SparseEncoderTrainer, SparseEncoderTrainingArguments),
    "reranker": (CrossEncoderTrainer, CrossEncoderTrainingArguments),
}
# Cosines times 20 have about the range of a cross-encoder's logits; it is also the usual scale of the ranking loss.
_SCALE = 20.0


@dataclass(frozen=True)
class Fitted:
    """What came of the training."""

    steps: int
    planned_steps: int
    frozen: int
    trainable: int
    losses: tuple[tuple[int, float], ...]
    """(step, mean loss since the one before)."""


def fit(model: Any, spec: TrainSpec, rows: Sequence[Row], work: Path, clock: Clock, on_progress: Progress) -> Fitted:
    """Train the model in place, going on from the last checkpoint in `work`, until data or time are used up."""
    disable_progress_bars()
    training = spec.training
    if training.threads:
        torch.set_num_threads(training.threads)
    frozen = freeze(model, training.freeze_layers)
    limit = _cut(model, training.max_tokens)
    trainer_class, arguments_class = _TRAINERS[spec.kind]
    trainer = trainer_class(
        model=model,
        args=arguments_class(**_arguments(model, spec, work, len(rows))),
        train_dataset=dataset(rows, spec),
        loss=loss_of(model, spec),
        callbacks=[_Limits(training, clock, on_progress)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=last_checkpoint(work))
    _cut(model, limit)
    if spec.kind == "reranker" and spec.loss != "binary":
        # Trained to rank, its logits are no log-odds, and a sigmoid would make all good ones equal.
        model.set_activation_fn(torch.nn.Identity())
    history = trainer.state.log_history
    losses = tuple((each["step"], each["loss"]) for each in history if "loss" in each)
    learning = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    return Fitted(trainer.state.global_step, trainer.state.max_steps, frozen, learning, losses)


def dataset(rows: Sequence[Row], spec: TrainSpec) -> Dataset:
    """The rows in the columns that the loss reads."""
    if spec.kind == "reranker" and spec.loss != "ranking":
        return _pairs(rows, spec.loss)
    columns: dict[str, list[Any]] = {
        "query": [row.query for row in rows],
        "positive": [row.positive for row in rows],
    }
    for place in range(spec.training.negatives):
        columns[f"negative_{place + 1}"] = [row.negatives[place] for row in rows]
    if spec.loss == "margin_mse":
        columns["label"] = [list(row.scores) for row in rows]
    return Dataset.from_dict(columns)


def _pairs(rows: Sequence[Row], loss: str) -> Dataset:
    """What the losses on single pairs or on one margin read: a row for each text, or for each negative."""
    if loss == "binary":
        pairs = [
            (row.query, text, float(not place))
            for row in rows
            for place, text in enumerate((row.positive, *row.negatives))
        ]
        return Dataset.from_dict(
            dict(zip(("query", "text", "label"), map(list, zip(*pairs, strict=True)), strict=True))
        )
    margins = [
        (row.query, row.positive, negative, row.scores[0] - score)
        for row in rows
        for negative, score in zip(row.negatives, row.scores[1:], strict=True)
    ]
    names = ("query", "positive", "negative", "label")
    return Dataset.from_dict(dict(zip(names, map(list, zip(*margins, strict=True)), strict=True)))


def loss_of(model: Any, spec: TrainSpec) -> Any:
    """The loss that the spec names, for this kind of model."""
    distils = spec.loss == "margin_mse"
    if spec.kind == "reranker":
        if spec.loss == "binary":
            return pair_losses.BinaryCrossEntropyLoss(model)
        if distils:
            return pair_losses.MarginMSELoss(model)
        # The softmax over a query's own documents; those of other queries are too easy to be worth a forward.
        return pair_losses.MultipleNegativesRankingLoss(
            model, num_negatives=0, scale=1.0, activation_fn=torch.nn.Identity()
        )
    if spec.kind == "sparse":
        inner: Any = sparse_losses.SparseMarginMSELoss if distils else sparse_losses.SparseMultipleNegativesRankingLoss
        return sparse_losses.SpladeLoss(
            model, inner(model), document_regularizer_weight=3e-3, query_regularizer_weight=5e-3
        )
    if not distils:
        return MultipleNegativesRankingLoss(model, scale=_SCALE)
    is_unit = any(isinstance(module, Normalize) for module in model.modules())
    return MarginMSELoss(model, similarity_fct=_scaled_dot if is_unit else pairwise_dot_score)


def _scaled_dot(one: Any, other: Any) -> Any:
    return _SCALE * pairwise_dot_score(one, other)


def _cut(model: Any, tokens: int | None) -> int | None:
    """Cut texts after so many tokens; gives where they were cut before. Static models have no limit to change."""
    head = next((module for module in model.modules() if hasattr(module, "auto_model")), None)
    if tokens is None or head is None:
        return None
    before: int | None = head.max_seq_length
    head.max_seq_length = tokens if before is None else min(tokens, before)
    if hasattr(model, "max_length"):
        model.max_length = head.max_seq_length
    return before


def _arguments(model: Any, spec: TrainSpec, work: Path, rows: int) -> dict[str, Any]:
    training = spec.training
    in_batch = spec.kind != "reranker" and spec.loss == "ranking"
    steps = max(1, round(training.epochs * -(-rows // training.batch_size)))
    return {
        "output_dir": os.fspath(work),
        "num_train_epochs": training.epochs,
        "per_device_train_batch_size": training.batch_size,
        "learning_rate": training.learning_rate,
        "warmup_steps": round(steps * training.warmup),
        "bf16": training.precision == "bf16",
        "use_cpu": model.device.type == "cpu",
        "seed": training.seed,
        "save_strategy": "no",  # _Limits says when
        "save_total_limit": 1,
        "logging_steps": max(1, steps // 40),
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
        "batch_sampler": "no_duplicates" if in_batch else "batch_sampler",
        "prompts": _prompts(model, training.negatives),
    }


def _prompts(model: Any, negatives: int) -> dict[str, str] | None:
    """The prompt of each column, as the model's own encode_query and encode_document choose it."""
    stated = getattr(model, "prompts", None) or {}
    document = next((stated[name] for name in ("document", "passage", "corpus") if stated.get(name)), "")
    columns = dict.fromkeys(("positive", *(f"negative_{place + 1}" for place in range(negatives))), document)
    given = {column: prompt for column, prompt in ({"query": stated.get("query", "")} | columns).items() if prompt}
    return given or None


class _Limits(TrainerCallback):
    """Lets the rate come down with the time as well as with the steps, stops in time, and says when to save."""

    def __init__(self, training: Training, clock: Clock, on_progress: Progress) -> None:
        self._training, self._clock, self._on_progress = training, clock, on_progress
        self._saved_s = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Time begins, or goes on."""
        self._clock.start()
        self._saved_s = self._clock.wall_s

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, optimizer: Any = None, **_: Any) -> None:  # noqa: ARG002
        """The scheduler's rate falls to 0 at the last step; where time runs out earlier, it falls to 0 by then."""
        by_steps = state.global_step / max(state.max_steps, 1)
        by_time = self._used
        if by_time > by_steps:
            for group in optimizer.param_groups:
                group["lr"] *= max(0.0, 1 - by_time) / (1 - by_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Stop when the time is used up; keep a checkpoint every few minutes."""
        self._clock.tick()
        by_steps = state.global_step / max(state.max_steps, 1)
        self._on_progress(round(1000 * max(by_steps, min(self._used, 1.0))), 1000)
        control.should_training_stop |= self._used >= 1
        if self._clock.wall_s - self._saved_s >= 60 * self._training.checkpoint_minutes:
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """The time goes with the checkpoint."""
        self._saved_s = self._clock.wall_s
        self._clock.save()

    @property
    def _used(self) -> float:
        return self._clock.used(self._training.max_minutes, self._training.max_cpu_minutes)


def quiet() -> None:
    """No lines of the libraries between ours."""
    logging.getLogger("outrider").setLevel(logging.ERROR)
    hf_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    hf_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
