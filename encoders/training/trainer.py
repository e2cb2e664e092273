"""The trainer of all three kinds of model, on transformers' Trainer; a task says what differs."""

import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, ClassVar

import torch
from datasets import DatasetDict
from torch.utils.data import DataLoader
from transformers import Trainer

from ..renames import keywords
from . import batching, checkpoints, measuring, objective
from .card import TrainingCardCallback
from .data import as_datasets, check, check_routes
from .dataset_names import add_name, names_matter, with_name
from .errors import TrainingError
from .loss_parts import LossParts
from .optimizer import add_loss_weights, set_rates
from .splade_schedule import SpladeRegularizerWeightSchedulerCallback, is_regularised
from .task import DENSE, Task

logger = logging.getLogger(__name__)


class SentenceTransformerTrainer(Trainer):
    """Trains a model on one dataset or a dict of them, with one loss or a dict of losses."""

    task: ClassVar[Task] = DENSE
    args: Any
    model: Any
    state: Any
    eval_dataset: Any
    train_dataset: Any
    processing_class: Any

    @keywords(old={"tokenizer": "processing_class"})
    def __init__(
        self,
        model: Any = None,
        args: Any = None,
        train_dataset: Any = None,
        eval_dataset: Any = None,
        loss: Any = None,
        evaluator: Any = None,
        data_collator: Any = None,
        processing_class: Any = None,
        model_init: Callable[..., Any] | None = None,
        compute_metrics: Any = None,
        callbacks: list[Any] | None = None,
        optimizers: tuple[Any, Any] = (None, None),
        preprocess_logits_for_metrics: Any = None,
        optimizer_cls_and_kwargs: Any = None,
    ) -> None:
        if model is None and model_init is None:
            raise TrainingError(f"{type(self).__name__} needs a model, or model_init to make one")
        args = args if args is not None else self.task.arguments(output_dir="tmp_trainer")
        if not isinstance(args, DENSE.arguments):
            raise TrainingError(
                f"{type(self).__name__} needs {self.task.arguments.__name__}, its args are {type(args).__name__}"
            )
        model = model if model is not None else model_init()  # type: ignore[misc]
        train_dataset = as_datasets(train_dataset, "training dataset")
        eval_dataset = as_datasets(eval_dataset, "evaluation dataset")
        self.has_eval_data = eval_dataset is not None
        if args.eval_strategy != "no" and eval_dataset is None and evaluator is None:
            raise TrainingError(f"eval_strategy is {args.eval_strategy!s}; give an eval_dataset or an evaluator, too")
        if data_collator is None and not args.router_mapping:
            check_routes(model, train_dataset)
        collator = data_collator or self.task.collator_for(model, args)
        super().__init__(
            model=None if model_init is not None else model,
            args=args,
            data_collator=collator,
            train_dataset=train_dataset,
            # Only the evaluator measures, but the base class insists on some data.
            eval_dataset=eval_dataset if eval_dataset is not None or evaluator is None else "dummy",
            processing_class=processing_class or model.tokenizer,
            model_init=model_init,
            compute_metrics=compute_metrics,
            callbacks=callbacks,
            optimizers=optimizers,
            optimizer_cls_and_kwargs=optimizer_cls_and_kwargs,
            preprocess_logits_for_metrics=preprocess_logits_for_metrics,
        )
        if not self.has_eval_data:
            self.eval_dataset = None
        self.can_return_loss = True
        self.model_accepts_loss_kwargs = False
        self.evaluator = measuring.prepared(evaluator)
        # Where evaluators write their files.
        self.evaluation_folder = os.path.join(self.args.output_dir, "eval")
        self._parts = LossParts()
        self.loss = objective.chosen(
            loss if loss is not None else self.task.default_loss(self.model),
            lambda one: self.prepare_loss(one, self.model),
            train_dataset=self.train_dataset,
            eval_dataset=self.eval_dataset,
        )
        self._add_callbacks()

    def prepare_loss(self, loss: Any, model: Any) -> Any:
        """The loss for this model, on its device; a class or function is called with the model."""
        return objective.prepared(loss, model)

    def _add_callbacks(self) -> None:
        given = [type(callback) for callback in self.callback_handler.callbacks]
        for loss in objective.each(self.loss):
            if is_regularised(loss) and SpladeRegularizerWeightSchedulerCallback not in given:
                self.add_callback(SpladeRegularizerWeightSchedulerCallback(loss))
        self.add_model_card_callback({one.name: one.default for one in fields(self.args)})
        self.model._model_card_text = None
        self.model.model_card_data.add_tags("generated_from_trainer")

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:  # noqa: ARG002 -- for children
        """Have the run noted for the model's card; override it to have nothing noted, or something else."""
        self.add_callback(TrainingCardCallback(self))

    def call_model_init(self, trial: Any = None) -> Any:
        """A fresh model; the losses follow it."""
        model = super().call_model_init(trial=trial)
        for loss in objective.each(self.loss) if hasattr(self, "loss") else ():
            self.override_model_in_loss(loss, model)
        return model

    def override_model_in_loss(self, loss: Any, model: Any) -> Any:
        """Let the loss, and those inside it, run `model`: the wrapped one in distributed training."""
        return objective.with_model(loss, model, type(self.model))

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,  # noqa: ARG002
    ) -> Any:
        """The value of one batch. Raises TrainingError where it is not a number."""
        features, labels = self.collect_features(inputs)
        loss = self.loss[inputs["dataset_name"]] if isinstance(self.loss, dict) else self.loss
        if model is not self.model and getattr(loss, "model", None) is not model:
            loss = self.override_model_in_loss(loss, model)
        value = loss(features, labels)
        if isinstance(value, dict):
            self.track_loss_components(value)
            value = torch.stack(list(value.values())).sum()
        if torch.isnan(value).any():
            raise TrainingError(
                f"the loss became NaN at step {self.state.global_step}; lower the learning rate, or look for empty "
                "labels in the data"
            )
        return (value, {}) if return_outputs else value

    def track_loss_components(self, loss: dict[str, Any]) -> None:
        """Add the parts of a loss up, for the log."""
        self._parts.add("train" if self.model.training else "eval", loss)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log the means of the loss's parts beside the loss."""
        super().log({**logs, **self._parts.means(logs, self.accelerator)}, start_time)

    def collect_features(self, inputs: dict[str, Any]) -> tuple[list[Any], Any]:
        """The columns of a batch, and its labels."""
        return self.task.columns(inputs), inputs.get("label")

    def evaluation_loop(
        self,
        dataloader: Any,
        description: str,
        prediction_loss_only: bool | None = None,  # noqa: ARG002
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> Any:
        """The loss on the evaluation data, then what the evaluator measures."""
        output = super().evaluation_loop(
            dataloader,
            description=description,
            prediction_loss_only=True,
            ignore_keys=ignore_keys,
            metric_key_prefix=metric_key_prefix,
        )
        due = measuring.due(self.evaluator, self.eval_dataset, metric_key_prefix)
        if due:
            metrics = output.metrics if output.metrics is not None else {}
            metrics.update(measuring.measure(due, self))
        return output

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """The loss on a dataset, on each of a dict, or on the trainer's own, and what the evaluators measure."""
        own = self.eval_dataset
        if isinstance(eval_dataset, Mapping):
            # By name, so that each dataset meets its own loss and prompts.
            self.eval_dataset, eval_dataset = as_datasets(eval_dataset, "evaluation dataset"), None
        try:
            metrics: dict[str, float] = super().evaluate(eval_dataset, ignore_keys, metric_key_prefix)
        finally:
            self.eval_dataset = own
        return metrics

    def validate_column_names(self, dataset: Any, dataset_name: str | None = None) -> None:
        """Raises TrainingError for a dataset without rows, or with a column name that the trainer needs itself."""
        as_datasets(dataset, "dataset") if isinstance(dataset, Mapping) else check(dataset, dataset_name or "dataset")

    def preprocess_dataset(
        self, dataset: Any = None, prompts: Any = None, router_mapping: Any = None, dataset_name: str | None = None
    ) -> Any:
        """The data as it is read: checked, and of several datasets each with its name in its rows if that matters."""
        if dataset is None:
            return None
        return self.maybe_add_dataset_name_column(dataset, prompts, router_mapping, dataset_name=dataset_name)

    def maybe_add_dataset_name_column(
        self, dataset: Any, prompts: Any = None, router_mapping: Any = None, dataset_name: str | None = None
    ) -> Any:
        """Several datasets with their names where losses, prompts or routes differ by dataset; else as they are."""
        self.validate_column_names(dataset, dataset_name)
        is_needed = isinstance(dataset, Mapping) and names_matter(self.loss, prompts, router_mapping)
        return self.add_dataset_name_column(dataset) if is_needed else dataset

    def add_dataset_name_column(self, dataset: Any, dataset_name: str | None = None) -> Any:
        """Each of several datasets with the name that it has there, or one with `dataset_name`, in its rows."""
        if isinstance(dataset, Mapping):
            kind: Any = type(dataset)
            return kind({name: self.add_dataset_name_column(part, name) for name, part in dataset.items()})
        return dataset if dataset_name is None else with_name(dataset, dataset_name)

    add_dataset_name_transform = staticmethod(add_name)

    def get_batch_sampler(
        self,
        dataset: Any,
        batch_size: int,
        drop_last: bool,
        valid_label_columns: list[str] | None = None,
        generator: torch.Generator | None = None,
        seed: int = 0,
    ) -> Any:
        """The sampler that the arguments name, or one made by their class or function."""
        settings = {
            "batch_size": batch_size,
            "drop_last": drop_last,
            "valid_label_columns": valid_label_columns,
            "generator": generator,
            "seed": seed,
        }
        return batching.row_sampler(self, dataset, settings)

    def get_multi_dataset_batch_sampler(
        self, dataset: Any, batch_samplers: list[Any], generator: torch.Generator | None = None, seed: int = 0
    ) -> Any:
        """The sampler over several datasets that the arguments name."""
        settings = {"batch_samplers": batch_samplers, "generator": generator, "seed": seed}
        return batching.dataset_sampler(self.args, dataset, settings)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Batches of the training data."""
        if self.train_dataset is None:
            raise TrainingError("training needs a train_dataset")
        return batching.loader(self, self.train_dataset, self.args.train_batch_size, is_training=True)

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader[Any]:
        """Batches of the evaluation data; none where only an evaluator measures."""
        data = eval_dataset if eval_dataset is not None else self.eval_dataset
        if isinstance(data, str) and isinstance(self.eval_dataset, dict):
            data = DatasetDict({data: self.eval_dataset[data]})
        if data is None:
            return DataLoader([])  # type: ignore[arg-type]
        return batching.loader(self, data, self.args.eval_batch_size, is_training=False)

    def get_test_dataloader(self, test_dataset: Any) -> DataLoader[Any]:
        """Batches of other data."""
        return batching.loader(self, test_dataset, self.args.eval_batch_size, is_training=False)

    def create_optimizer(self, *args: Any, **kwargs: Any) -> Any:
        """As transformers does, with the losses' own weights, and rates by parameter name."""
        if self.optimizer is not None:
            return self.optimizer
        optimizer = super().create_optimizer(*args, **kwargs)
        own = add_loss_weights(optimizer, objective.each(self.loss), self.args.weight_decay)
        set_rates(optimizer, {**dict(self.model.named_parameters()), **own}, self.args.learning_rate_mapping)
        return optimizer

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ARG002
        target = output_dir or self.args.output_dir
        with checkpoints.told_if_full(target, self.state.global_step):
            checkpoints.save(self.accelerator.unwrap_model(self.model), self.args, target)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        with checkpoints.told_if_full(self.args.output_dir, self.state.global_step):
            super()._save_checkpoint(model, trial)

    def train(self, resume_from_checkpoint: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Train, from the start or from a checkpoint: a folder, or True for the last one that was written whole."""
        if resume_from_checkpoint is True:
            folder = self.args.output_dir
            resume_from_checkpoint = checkpoints.last_checkpoint(folder)
            if resume_from_checkpoint is None:
                raise TrainingError(f"there is no whole checkpoint in {folder!r} to resume from")
        return super().train(resume_from_checkpoint, *args, **kwargs)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:  # noqa: ARG002
        checkpoints.load(self.model, resume_from_checkpoint)

    def _load_best_model(self) -> None:
        logger.info("Loading the best model from %s", self.state.best_model_checkpoint)
        self._load_from_checkpoint(self.state.best_model_checkpoint)
        step = re.search(r"checkpoint-(\d+)", str(self.state.best_model_checkpoint))
        if step:
            self.model.model_card_data.set_best_model_step(int(step.group(1)))

    def create_model_card(
        self,
        language: str | None = None,
        license: str | None = None,
        tags: str | list[str] | None = None,
        model_name: str | None = None,
        finetuned_from: str | None = None,  # noqa: ARG002 -- the card says it of itself, and so below
        tasks: str | list[str] | None = None,  # noqa: ARG002
        dataset_tags: str | list[str] | None = None,  # noqa: ARG002
        dataset: str | list[str] | None = None,  # noqa: ARG002
        dataset_args: str | list[str] | None = None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Write README.md into the output folder."""
        from ..publishing import write_card

        if not self.is_world_process_zero():
            return
        card = self.model.model_card_data
        for given, note in ((language, card.set_language), (license, card.set_license), (tags, card.add_tags)):
            if given:
                note(given)
        write_card(self.model, self.args.output_dir, model_name=model_name, train_datasets=None)

    def floating_point_ops(self, inputs: Any) -> int:  # noqa: ARG002
        """Not counted: a batch has several columns of tokens."""
        return 0
