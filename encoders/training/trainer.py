"""The trainer of all three kinds of model, on transformers' Trainer."""

import errno
import logging
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from datasets import DatasetDict, IterableDataset
from safetensors import SafetensorError
from torch import nn
from torch.utils.data import BatchSampler, DataLoader
from transformers import Trainer

from ..evaluation import SequentialEvaluator
from ..renames import keywords
from .card import TrainingCardCallback
from .collator import LABEL_COLUMNS
from .data import as_datasets, joined
from .errors import TrainingError
from .multi_dataset import MultiDatasetBatchSamplers, ProportionalBatchSampler, RoundRobinBatchSampler
from .samplers import (
    BatchSamplers,
    DefaultBatchSampler,
    GroupByLabelBatchSampler,
    NoDuplicatesBatchSampler,
    TokenLengthBatchSampler,
)
from .splade_schedule import SpladeRegularizerWeightSchedulerCallback, is_regularised
from .task import CROSS, DENSE, SPARSE, Task

logger = logging.getLogger(__name__)

_SAMPLERS: dict[BatchSamplers, tuple[Callable[..., Any], dict[str, Any]]] = {
    BatchSamplers.BATCH_SAMPLER: (DefaultBatchSampler, {}),
    BatchSamplers.NO_DUPLICATES: (NoDuplicatesBatchSampler, {}),
    BatchSamplers.NO_DUPLICATES_HASHED: (NoDuplicatesBatchSampler, {"precompute_hashes": True}),
    BatchSamplers.GROUP_BY_LABEL: (GroupByLabelBatchSampler, {}),
    BatchSamplers.TOKEN_LENGTH: (TokenLengthBatchSampler, {}),
}
_TURNS: dict[MultiDatasetBatchSamplers, Callable[..., Any]] = {
    MultiDatasetBatchSamplers.ROUND_ROBIN: RoundRobinBatchSampler,
    MultiDatasetBatchSamplers.PROPORTIONAL: ProportionalBatchSampler,
}


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
        model = model if model is not None else model_init()  # type: ignore[misc]
        train_dataset = as_datasets(train_dataset, "training dataset")
        eval_dataset = as_datasets(eval_dataset, "evaluation dataset")
        self.has_eval_data = eval_dataset is not None
        if args.eval_strategy != "no" and eval_dataset is None and evaluator is None:
            raise TrainingError(f"eval_strategy is {args.eval_strategy!s}; give an eval_dataset or an evaluator, too")
        collator = data_collator or self._collator(model, args)
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
        self.evaluator = SequentialEvaluator(evaluator) if isinstance(evaluator, list) else evaluator
        self._parts: dict[str, dict[str, float]] = {}
        self.loss = self._losses(loss, self.model)
        self._add_callbacks()

    def _collator(self, model: Any, args: Any) -> Any:
        keeps_prompt = any(getattr(module, "include_prompt", True) is False for module in model.modules())
        return self.task.collator(
            model.tokenize,
            router_mapping=args.router_mapping,
            prompts=args.prompts,
            include_prompt_lengths=keeps_prompt,
            all_special_ids=set(getattr(model.tokenizer, "all_special_ids", ())),
        )

    def _losses(self, loss: Any, model: Any) -> Any:
        loss = loss if loss is not None else self.task.default_loss(model)
        if not isinstance(loss, Mapping):
            return self.prepare_loss(loss, model)
        for role, data in (("train_dataset", self.train_dataset), ("eval_dataset", self.eval_dataset)):
            if data is None:
                continue
            if not isinstance(data, DatasetDict):
                raise TrainingError(f"a dict of losses needs a dict of datasets, but {role} is one dataset")
            if missing := sorted(set(data) - set(loss)):
                raise TrainingError(f"{role} has {missing}, for which there is no loss; the losses are {sorted(loss)}")
        return {name: self.prepare_loss(part, model) for name, part in loss.items()}

    def prepare_loss(self, loss: Any, model: Any) -> Any:
        """The loss for this model, on its device; a class or function is called with the model."""
        loss = loss if isinstance(loss, nn.Module) else loss(model)
        return loss.to(model.device)

    def _add_callbacks(self) -> None:
        given = [type(callback) for callback in self.callback_handler.callbacks]
        for loss in self._every_loss():
            if is_regularised(loss) and SpladeRegularizerWeightSchedulerCallback not in given:
                self.add_callback(SpladeRegularizerWeightSchedulerCallback(loss))
        self.add_callback(TrainingCardCallback(self))
        self.model._model_card_text = None
        self.model.model_card_data.add_tags("generated_from_trainer")

    def _every_loss(self) -> list[Any]:
        return list(self.loss.values()) if isinstance(self.loss, dict) else [self.loss]

    def call_model_init(self, trial: Any = None) -> Any:
        """A fresh model; the losses follow it."""
        model = super().call_model_init(trial=trial)
        for loss in self._every_loss() if hasattr(self, "loss") else []:
            self.override_model_in_loss(loss, model)
        return model

    def override_model_in_loss(self, loss: Any, model: Any) -> Any:
        """Let the loss, and those inside it, run `model`: the wrapped one in distributed training."""
        own = type(self.model)
        for name, child in loss.named_children():
            if name == "model" and isinstance(child, (own, nn.parallel.DistributedDataParallel, nn.DataParallel)):
                loss.model = model
            elif isinstance(child, nn.Module) and not isinstance(child, own):
                setattr(loss, name, self.override_model_in_loss(child, model))
        return loss

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
        mode = self._parts.setdefault("train" if self.model.training else "eval", {"steps": 0})
        mode["steps"] += 1
        for name, value in loss.items():
            mode[name] = mode.get(name, 0.0) + float(value.detach())

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log the means of the loss's parts beside the loss."""
        for mode, key, prefix in (("train", "loss", ""), ("eval", "eval_loss", "eval_")):
            if key in logs and mode in self._parts:
                parts = self._parts.pop(mode)
                steps = parts.pop("steps")
                logs |= {f"{prefix}{name}": value / steps for name, value in parts.items()}
        super().log(logs, start_time)

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
        parts = isinstance(self.eval_dataset, dict) and metric_key_prefix.startswith("eval_")
        if self.evaluator is None or (parts and metric_key_prefix != f"eval_{next(iter(self.eval_dataset))}"):
            return output
        training = self.model.training
        measured = self.evaluator(
            self.model,
            output_path=os.path.join(self.args.output_dir, "eval"),
            epoch=self.state.epoch,
            steps=self.state.global_step,
        )
        self.model.train(training)
        measured = measured if isinstance(measured, dict) else {"evaluator": measured}
        metrics = output.metrics if output.metrics is not None else {}
        # With several datasets the evaluator still measures once, under its own name.
        metrics.update({f"{'eval' if parts else metric_key_prefix}_{key}": v for key, v in measured.items()})
        return output

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
        if isinstance(dataset, IterableDataset):
            return None
        build: Any = self.args.batch_sampler
        extra: dict[str, Any] = {}
        if isinstance(build, BatchSamplers):
            build, extra = _SAMPLERS[build]
        if build is TokenLengthBatchSampler:
            extra = {"count_tokens": self._count_tokens}
        return build(
            dataset,
            batch_size=batch_size,
            drop_last=drop_last,
            valid_label_columns=valid_label_columns,
            generator=generator,
            seed=seed,
            **extra,
        )

    def _count_tokens(self, texts: list[str]) -> list[int]:
        limit = self.model.get_max_seq_length()
        return [
            len(ids)
            for ids in self.processing_class(texts, truncation=limit is not None, max_length=limit)["input_ids"]
        ]

    def get_multi_dataset_batch_sampler(
        self, dataset: Any, batch_samplers: list[Any], generator: torch.Generator | None = None, seed: int = 0
    ) -> Any:
        """The sampler over several datasets that the arguments name."""
        build = self.args.multi_dataset_batch_sampler
        if isinstance(build, MultiDatasetBatchSamplers):
            build = _TURNS[build]
        return build(dataset, batch_samplers=batch_samplers, generator=generator, seed=seed)

    def _loader(self, data: Any, batch_size: int) -> DataLoader[Any]:
        options: dict[str, Any] = {
            "collate_fn": self.data_collator,
            "num_workers": self.args.dataloader_num_workers,
            "pin_memory": self.args.dataloader_pin_memory and torch.cuda.is_available(),
            "persistent_workers": self.args.dataloader_persistent_workers,
            "prefetch_factor": self.args.dataloader_prefetch_factor,
        }
        drop_last = self.args.dataloader_drop_last
        if isinstance(data, IterableDataset):
            plain: DataLoader[Any] = self.accelerator.prepare(
                DataLoader(data, batch_size=batch_size, drop_last=drop_last, **options)
            )
            return plain
        generator = torch.Generator()
        generator.manual_seed(self.args.seed)
        common: dict[str, Any] = {"generator": generator, "seed": self.args.seed}

        def sampler(part: Any) -> BatchSampler:
            made: BatchSampler = self.get_batch_sampler(
                part, batch_size, drop_last, valid_label_columns=list(LABEL_COLUMNS), **common
            )
            return made

        if isinstance(data, DatasetDict):
            samplers = [sampler(part) for part in data.values()]
            data = joined(data)
            chosen = self.get_multi_dataset_batch_sampler(data, samplers, **common)
        else:
            chosen = sampler(data)
        self.accelerator.even_batches = False
        loader: DataLoader[Any] = self.accelerator.prepare(DataLoader(data, batch_sampler=chosen, **options))
        return loader

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Batches of the training data."""
        if self.train_dataset is None:
            raise TrainingError("training needs a train_dataset")
        return self._loader(self.train_dataset, self.args.train_batch_size)

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader[Any]:
        """Batches of the evaluation data; none where only an evaluator measures."""
        data = eval_dataset if eval_dataset is not None else self.eval_dataset
        if isinstance(data, str) and isinstance(self.eval_dataset, dict):
            data = DatasetDict({data: self.eval_dataset[data]})
        if data is None:
            return DataLoader([])  # type: ignore[arg-type]
        return self._loader(data, self.args.eval_batch_size)

    def get_test_dataloader(self, test_dataset: Any) -> DataLoader[Any]:
        """Batches of other data."""
        return self._loader(test_dataset, self.args.eval_batch_size)

    def create_optimizer(self, *args: Any, **kwargs: Any) -> Any:
        """As transformers does, with the losses' own weights, and rates by parameter name."""
        if self.optimizer is not None:
            return self.optimizer
        optimizer = super().create_optimizer(*args, **kwargs)
        known = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        own: dict[str, Any] = {}
        for place, loss in enumerate(self._every_loss()):
            for name, parameter in loss.named_parameters():
                if parameter.requires_grad and id(parameter) not in known:
                    known.add(id(parameter))
                    own[f"loss.{place}.{name}"] = parameter
        for decays in (True, False):
            params = [value for name, value in own.items() if name.endswith("bias") != decays]
            if params:
                optimizer.add_param_group({"params": params, "weight_decay": self.args.weight_decay if decays else 0.0})
        self._set_rates(optimizer, {**dict(self.model.named_parameters()), **own})
        return optimizer

    def _set_rates(self, optimizer: Any, named: dict[str, Any]) -> None:
        names = {id(parameter): name for name, parameter in named.items()}
        for pattern, rate in self.args.learning_rate_mapping.items():
            for group in list(optimizer.param_groups):
                hits = [one for one in group["params"] if re.search(pattern, names.get(id(one), ""))]
                if not hits:
                    continue
                chosen = {id(one) for one in hits}
                group["params"] = [one for one in group["params"] if id(one) not in chosen]
                settings = {key: value for key, value in group.items() if key != "params"}
                optimizer.add_param_group({**settings, "params": hits, "lr": rate})
        optimizer.param_groups[:] = [group for group in optimizer.param_groups if group["params"]]

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ARG002
        target = output_dir or self.args.output_dir
        try:
            self.accelerator.unwrap_model(self.model).save_pretrained(
                target, safe_serialization=getattr(self.args, "save_safetensors", True)
            )
            torch.save(self.args, os.path.join(target, "training_args.bin"))
        except (OSError, SafetensorError, RuntimeError) as err:
            if getattr(err, "errno", None) == errno.ENOSPC or "No space left" in str(err):
                raise TrainingError(
                    f"the disk is full: the model could not be saved to {target!r} at step {self.state.global_step}; "
                    "free some space, or set save_total_limit, and resume from the last whole checkpoint"
                ) from err
            raise

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:  # noqa: ARG002
        saved = type(self.model)(resume_from_checkpoint, device="cpu", trust_remote_code=self.model.trust_remote_code)
        self.model.load_state_dict(saved.state_dict())

    def _load_best_model(self) -> None:
        logger.info("Loading the best model from %s", self.state.best_model_checkpoint)
        self._load_from_checkpoint(self.state.best_model_checkpoint)
        step = re.search(r"checkpoint-(\d+)", str(self.state.best_model_checkpoint))
        if step:
            self.model.model_card_data.set_best_model_step(int(step.group(1)))

    def create_model_card(self, *args: Any, model_name: str | None = None, **kwargs: Any) -> None:  # noqa: ARG002
        """Write README.md into the output folder."""
        from ..publishing import write_card

        if self.is_world_process_zero():
            write_card(self.model, self.args.output_dir, model_name=model_name, train_datasets=None)

    def floating_point_ops(self, inputs: Any) -> int:  # noqa: ARG002
        """Not counted: a batch has several columns of tokens."""
        return 0


class SparseEncoderTrainer(SentenceTransformerTrainer):
    """Trains a sparse encoder."""

    task = SPARSE


class CrossEncoderTrainer(SentenceTransformerTrainer):
    """Trains a cross-encoder."""

    task = CROSS
