"""What a training run leaves for the model's card."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from transformers import TrainerCallback

# Where a run writes, and how often, says nothing about the model.
_NOT_SHOWN = re.compile(
    "do_(train|eval)|eval_(delay|steps)|greater_is_better|hub_token|logging_(dir|first_step|steps|strategy)|"
    "metric_for_best_model|output_dir|report_to|run_name|save_(steps|strategy|total_limit)"
)


class TrainingCardCallback(TrainerCallback):
    """Notes the data, the losses, the arguments and the log in the model's card data."""

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        """Data, losses and arguments."""
        trainer = self.trainer
        data = trainer.model.model_card_data
        data.all_hyperparameters = shown_arguments(args)
        # Never by building default arguments: that resets accelerate's state in the middle of a run.
        usual = {one.name: one.default for one in fields(args)}
        data.non_default_hyperparameters = {
            key: value
            for key, value in data.all_hyperparameters.items()
            if getattr(args, key, None) != usual.get(key) and (value or usual.get(key))
        }
        data.train_datasets = data.extract_dataset_metadata(
            trainer.train_dataset, data.train_datasets, trainer.loss, "train"
        )
        data.eval_datasets = data.extract_dataset_metadata(
            trainer.eval_dataset, data.eval_datasets, trainer.loss, "eval"
        )
        data.set_losses(list(trainer.loss.values()) if isinstance(trainer.loss, Mapping) else [trainer.loss])
        if data.generate_widget_examples and not data.widget:
            data.set_widget_examples(trainer.train_dataset)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        """One row of the log a step."""
        names = {"loss": "Training Loss", "eval_loss": "Validation Loss"}
        if isinstance(self.trainer.eval_dataset, Mapping):
            names |= {f"eval_{name}_loss": f"{name} loss" for name in self.trainer.eval_dataset}
        shown = {names[key]: value for key, value in (logs or {}).items() if key in names}
        if shown:
            self.trainer.model.model_card_data.log_row(state.epoch or 0, state.global_step).update(shown)


def shown_arguments(args: Any) -> dict[str, Any]:
    """The arguments that say how the model was trained."""
    return {key: value for key, value in args.to_dict().items() if not _NOT_SHOWN.fullmatch(key)}
