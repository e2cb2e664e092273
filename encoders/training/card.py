"""What a training run leaves for the model's card."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from transformers import TrainerCallback

from . import objective


class TrainingCardCallback(TrainerCallback):
    """Notes the data, the losses, the arguments and the log in the model's card data."""

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        """Data, losses and arguments."""
        data = self.trainer.model.model_card_data
        # Never by building default arguments: that resets accelerate's state in the middle of a run.
        default = {one.name: one.default for one in fields(args)}
        ignored = {"output_dir", "logging_dir", "run_name", "prompts", "hub_token"}
        data.training_arguments = {
            key: value
            for key, value in args.to_dict().items()
            if key not in ignored and value and default.get(key) != value
        }
        data.losses = objective.each(self.trainer.loss)
        data.training_data = described(self.trainer.train_dataset)
        data.evaluation_data = described(self.trainer.eval_dataset)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        """One row of the log a step."""
        shown = {key: value for key, value in (logs or {}).items() if key == "loss" or key.endswith("_loss")}
        if not shown:
            return
        rows = self.trainer.model.model_card_data.training_logs
        if not rows or rows[-1]["Step"] != state.global_step:
            rows.append({"Epoch": state.epoch or 0, "Step": state.global_step})
        names = {"loss": "Training Loss", "eval_loss": "Validation Loss"}
        rows[-1].update({names.get(key, key): value for key, value in shown.items()})


def described(data: Any) -> list[dict[str, Any]]:
    """Name, size, columns and the first rows of each dataset."""
    if data is None or not (isinstance(data, Mapping) or hasattr(data, "column_names")):
        return []
    parts = data.items() if isinstance(data, Mapping) else [("Unnamed Dataset", data)]
    return [
        {
            "name": name,
            "size": len(part) if hasattr(part, "__len__") else None,
            "columns": list(part.column_names or ()),
            "samples": [part[row] for row in range(min(3, len(part)))] if hasattr(part, "__len__") else [],
        }
        for name, part in parts
    ]
