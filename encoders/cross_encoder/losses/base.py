"""What every loss on scores of pairs does: check the columns, tokenise the pairs, read the logits."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ...losses.base import check_columns
from ...losses.citations import bibtex
from ...losses.errors import LossError


class PairLoss(nn.Module):
    """Scores pairs of texts with the model; a child says what the scores and labels are worth."""

    columns: ClassVar[tuple[int, int | None]] = (2, 2)
    needs_labels: ClassVar[bool] = True
    one_label: ClassVar[bool] = True
    cites: ClassVar[str] = "sentence-bert"

    def __init__(self, model: Any, activation_fn: Any = None) -> None:
        super().__init__()
        self.model = model
        if getattr(model[0], "takes_prompt", False):
            raise LossError(
                f"{type(self).__name__} reads pairs, and this model is asked in a chat; it cannot be trained"
            )
        self.activation_fn = activation_fn if activation_fn is not None else nn.Identity()
        if self.one_label and model.num_labels != 1:
            raise LossError(
                f"{type(self).__name__} needs a model with 1 label, this one has {model.num_labels}; "
                "load it with num_labels=1"
            )

    def check(self, columns: int, labels: Any) -> None:
        """Raises LossError if the number of columns or the absence of labels cannot be right."""
        check_columns(self, columns)
        if self.needs_labels and labels is None:
            raise LossError(f"{type(self).__name__} needs a label column (label, labels, score or scores); none came")

    def logits(self, pairs: list[tuple[str, str]]) -> Tensor:
        """One row of logits a pair."""
        tokens = self.model.tokenizer(
            pairs, padding=True, truncation=True, max_length=self.model.max_length, return_tensors="pt"
        )
        logits: Tensor = self.model(**tokens.to(self.model.device))[0]
        return logits

    def scores(self, pairs: list[tuple[str, str]], size: int | None = None) -> Tensor:
        """One activated score a pair, `size` pairs at a time."""
        step = size or max(len(pairs), 1)
        parts = [self.logits(pairs[start : start + step]).view(-1) for start in range(0, len(pairs), step)]
        scores: Tensor = self.activation_fn(torch.cat(parts))
        return scores

    @property
    def citation(self) -> str:
        """BibTeX of the paper."""
        return bibtex(self.cites)
