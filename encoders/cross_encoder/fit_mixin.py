"""`CrossEncoder.fit`: training as it was before version 4."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..fit_mixin import DEFAULT_RATE
from ..renames import warn_renamed


class FitMixin:
    """The old way to train; CrossEncoderTrainer runs behind it."""

    num_labels: Any
    tokenizer: Any
    device: Any

    def fit(
        self,
        train_dataloader: Any,
        evaluator: Any = None,
        epochs: int = 1,
        loss_fct: Any = None,
        activation_fct: Any = nn.Identity(),  # noqa: B008 -- the default of Sentence Transformers, which has no state
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
    ) -> None:
        """Train on a loader of examples of two texts and a label; `loss_fct` compares activated logits and labels."""
        warn_renamed(type(self).__name__, "fit", "CrossEncoderTrainer")
        from ..training import fit
        from .losses.of_fit import loss_of_fit
        from .trainer import CrossEncoderTrainer

        options = fit.FitOptions(
            evaluator, epochs, scheduler, warmup_steps, optimizer_class, optimizer_params, weight_decay,
            evaluation_steps, output_path, save_best_model, max_grad_norm, use_amp, callback, show_progress_bar,
        )  # fmt: skip
        one = fit.objective(train_dataloader)
        fit.run(self, CrossEncoderTrainer, one.rows, loss_of_fit(self, loss_fct, activation_fct), [one], options)

    def smart_batching_collate(self, batch: Sequence[Any]) -> tuple[Any, Tensor]:
        """Tokens of the pairs of some examples, and their labels."""
        labels = torch.tensor(
            [one.label for one in batch], dtype=torch.float if self.num_labels == 1 else torch.long, device=self.device
        )
        return self.smart_batching_collate_text_only([one.texts for one in batch]), labels

    def smart_batching_collate_text_only(self, batch: Sequence[Sequence[str]]) -> Any:
        """Tokens of some pairs."""
        columns = [[text.strip() for text in column] for column in zip(*batch, strict=True)]
        return self.tokenizer(*columns, padding=True, truncation=True, return_tensors="pt").to(self.device)
