"""`SentenceTransformer.fit`: training as it was before version 3."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .renames import warn_renamed

DEFAULT_RATE: Mapping[str, Any] = {"lr": 2e-5}


class FitMixin:
    """The old way to train; SentenceTransformerTrainer runs behind it."""

    tokenize: Any

    def fit(
        self,
        train_objectives: Iterable[tuple[Any, Any]],
        evaluator: Any = None,
        epochs: int = 1,
        steps_per_epoch: int | None = None,
        scheduler: str = "WarmupLinear",
        warmup_steps: int = 10000,
        optimizer_class: type[torch.optim.Optimizer] = torch.optim.AdamW,
        optimizer_params: Mapping[str, Any] = DEFAULT_RATE,
        weight_decay: float = 0.01,
        evaluation_steps: int = 0,
        output_path: str | None = None,
        save_best_model: bool = True,
        max_grad_norm: float = 1,
        use_amp: bool = False,
        callback: Callable[[float, float, int], None] | None = None,
        show_progress_bar: bool = True,
        checkpoint_path: str | None = None,
        checkpoint_save_steps: int = 500,
        checkpoint_save_total_limit: int = 0,
        resume_from_checkpoint: bool = False,
    ) -> None:
        """Train on (loader of examples, loss) pairs in turn; evaluates after every epoch and `evaluation_steps`."""
        warn_renamed(type(self).__name__, "fit", "SentenceTransformerTrainer")
        from datasets import DatasetDict

        from .training import fit
        from .training.multi_dataset import MultiDatasetBatchSamplers
        from .training.trainer import SentenceTransformerTrainer

        pairs = [(fit.objective(loader), loss) for loader, loss in train_objectives]
        names = [f"_dataset_{number}" for number in range(1, len(pairs) + 1)]
        options = fit.FitOptions(
            evaluator, epochs, scheduler, warmup_steps, optimizer_class, optimizer_params, weight_decay,
            evaluation_steps, output_path, save_best_model, max_grad_norm, use_amp, callback, show_progress_bar,
            steps_per_epoch, checkpoint_path, checkpoint_save_steps, checkpoint_save_total_limit,
            resume_from_checkpoint,
        )  # fmt: skip
        fit.run(
            self,
            SentenceTransformerTrainer,
            DatasetDict({name: one.rows for name, (one, _) in zip(names, pairs, strict=True)}),
            {name: loss for name, (_, loss) in zip(names, pairs, strict=True)},
            [one for one, _ in pairs],
            options,
            multi_dataset_batch_sampler=MultiDatasetBatchSamplers.ROUND_ROBIN,
        )

    def smart_batching_collate(self, batch: Sequence[Any]) -> tuple[list[dict[str, Tensor]], Tensor]:
        """Features of each column of some examples, and their labels."""
        features = [self.tokenize(list(column)) for column in zip(*(one.texts for one in batch), strict=True)]
        labels = [one.label for one in batch]
        is_array = bool(labels) and isinstance(labels[0], np.ndarray)
        return features, torch.from_numpy(np.stack(labels)) if is_array else torch.tensor(labels)
