"""`fit`, as training was before there were trainers: loaders of examples in, a run of the trainer behind."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from datasets import Dataset

from ..datasets.by_label import SentenceLabelDataset
from ..datasets.no_duplicates import NoDuplicatesDataLoader
from .checkpoints import last_checkpoint
from .errors import TrainingError
from .samplers import BatchSamplers

logger = logging.getLogger(__name__)

_SCHEDULES: dict[str, Callable[..., Any]] = {
    "constantlr": lambda optimizer, _warmup, _total: transformers.get_constant_schedule(optimizer),
    "warmupconstant": lambda optimizer, warmup, _total: transformers.get_constant_schedule_with_warmup(
        optimizer, warmup
    ),
    "warmuplinear": transformers.get_linear_schedule_with_warmup,
    "warmupcosine": transformers.get_cosine_schedule_with_warmup,
    "warmupcosinewithhardrestarts": transformers.get_cosine_with_hard_restarts_schedule_with_warmup,
}
_NO_DECAY = ("bias", "LayerNorm.bias", "LayerNorm.weight")


@dataclass(frozen=True)
class FitOptions:
    """What both forms of `fit` are told beside their data and losses."""

    evaluator: Any
    epochs: int
    scheduler: Any
    warmup_steps: int
    optimizer_class: type[torch.optim.Optimizer]
    optimizer_params: Mapping[str, Any]
    weight_decay: float
    evaluation_steps: int
    output_path: str | None
    save_best_model: bool
    max_grad_norm: float
    use_amp: bool
    callback: Callable[[float, float, int], None] | None
    show_progress_bar: bool
    steps_per_epoch: int | None = None
    checkpoint_path: str | None = None
    checkpoint_save_steps: int = 500
    checkpoint_save_total_limit: int = 0
    resume_from_checkpoint: bool = False


@dataclass(frozen=True)
class Objective:
    """The rows of one loader, and how it made batches of them."""

    rows: Dataset
    batch_size: int
    sampler: BatchSamplers


def objective(loader: Any) -> Objective:
    """All examples of a loader, read once. Raises TrainingError if there are none, or what comes is no example."""
    before = loader.collate_fn
    loader.collate_fn = list
    try:
        examples = [one for batch in loader for one in batch]
    finally:
        loader.collate_fn = before
    sampler = BatchSamplers.BATCH_SAMPLER
    if isinstance(loader, NoDuplicatesDataLoader):
        sampler = BatchSamplers.NO_DUPLICATES
    elif isinstance(getattr(loader, "dataset", None), SentenceLabelDataset):
        sampler = BatchSamplers.GROUP_BY_LABEL
    return Objective(as_rows(examples), getattr(loader, "batch_size", None) or 8, sampler)


def as_rows(examples: Sequence[Any]) -> Dataset:
    """Examples as columns sentence_0, sentence_1, ... and label; without label where every label is 0, the default."""
    if not examples:
        raise TrainingError("the loader gives no examples; there is nothing to train on")
    strange = next((one for one in examples if not hasattr(one, "texts")), None)
    if strange is not None:
        raise TrainingError(f"fit() needs InputExample(texts=..., label=...), the loader gives {strange!r}")
    counts = {len(one.texts) for one in examples}
    if len(counts) > 1:
        raise TrainingError(f"every example needs as many texts as the others; these have {sorted(counts)}")
    columns = {f"sentence_{place}": list(texts) for place, texts in enumerate(zip(*(o.texts for o in examples)))}  # noqa: B905
    labels = [one.label for one in examples]
    if not all(isinstance(label, (int, float)) and label == 0 for label in labels):
        columns["label"] = labels
    return Dataset.from_dict(columns)


def run(
    model: Any,
    trainer_class: Any,
    data: Any,
    losses: Any,
    batching: Sequence[Objective],
    options: FitOptions,
    **more: Any,
) -> None:
    """Train with the trainer of today as `fit` always did: own optimizer, evaluation after every epoch, best kept."""
    from .fit_callbacks import EvaluateEachEpoch, KeepBest, TellScore

    size = batching[-1].batch_size
    whole = max(1, min(len(one.rows) // size for one in batching))
    steps = options.steps_per_epoch or whole
    max_steps = -1
    if options.steps_per_epoch and options.epochs == 1:
        max_steps = options.steps_per_epoch
    elif options.steps_per_epoch:
        logger.warning("steps_per_epoch is for one epoch; with %s, each is over all data.", options.epochs)
        steps = whole
    sampler = next((one.sampler for one in reversed(batching) if one.sampler != BatchSamplers.BATCH_SAMPLER), None)
    args = trainer_class.task.arguments(
        output_dir=options.checkpoint_path or _unused_folder(),
        batch_sampler=sampler or BatchSamplers.BATCH_SAMPLER,
        per_device_train_batch_size=size,
        per_device_eval_batch_size=size,
        num_train_epochs=options.epochs,
        max_steps=max_steps,
        eval_strategy="steps" if options.evaluator is not None and options.evaluation_steps else "no",
        eval_steps=options.evaluation_steps or None,
        max_grad_norm=options.max_grad_norm,
        disable_tqdm=not options.show_progress_bar,
        save_strategy="steps" if options.checkpoint_path else "no",
        save_steps=options.checkpoint_save_steps,
        save_total_limit=options.checkpoint_save_total_limit or None,
        **_mixed_precision(options.use_amp),
        **more,
    )
    optimizer = options.optimizer_class(_groups(model, options.weight_decay), **options.optimizer_params)
    callbacks: list[Any] = []
    if options.evaluator is not None:
        callbacks.append(EvaluateEachEpoch(options.evaluation_steps))
        if options.callback is not None:
            callbacks.append(TellScore(options.callback, options.evaluator))
    if options.output_path is not None:
        callbacks.append(KeepBest(options.output_path, options.evaluator, keep=options.save_best_model))
    trainer = trainer_class(
        model=model,
        args=args,
        train_dataset=data,
        loss=losses,
        evaluator=options.evaluator,
        optimizers=(optimizer, schedule(options.scheduler, optimizer, options.warmup_steps, steps * options.epochs)),
        callbacks=callbacks,
    )
    if options.output_path is not None:
        trainer.evaluation_folder = os.path.join(options.output_path, "eval")
    trainer.train(resume_from_checkpoint=_latest(options) if options.resume_from_checkpoint else None)


def schedule(name: Any, optimizer: Any, warmup_steps: int, total_steps: int) -> Any:
    """A learning rate schedule by its old name, or the one given. Raises TrainingError for another name."""
    if not isinstance(name, str):
        return name
    if name.lower() not in _SCHEDULES:
        raise TrainingError(f"there is no scheduler {name!r}; use one of {', '.join(_SCHEDULES)}")
    return _SCHEDULES[name.lower()](optimizer, warmup_steps, total_steps)


def _groups(model: Any, weight_decay: float) -> Iterable[dict[str, Any]]:
    named = list(model.named_parameters())
    decayed = [value for name, value in named if not any(part in name for part in _NO_DECAY)]
    others = [value for name, value in named if any(part in name for part in _NO_DECAY)]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def _mixed_precision(wanted: bool) -> dict[str, bool]:
    if not wanted:
        return {}
    # Half precision needs a GPU; bfloat16 is what a CPU has.
    return {"fp16": True} if torch.cuda.is_available() else {"bf16": True, "use_cpu": True}


def _unused_folder() -> str:
    folder, number = Path("checkpoints/model"), 1
    while folder.is_dir() and any(folder.iterdir()):
        folder, number = Path(f"checkpoints/model_{number}"), number + 1
    return str(folder)


def _latest(options: FitOptions) -> str | None:
    found = last_checkpoint(options.checkpoint_path) if options.checkpoint_path else None
    if found is None:
        logger.warning("there is no whole checkpoint in %r; the run begins anew", options.checkpoint_path)
    return found
