"""The right document among random ones of the batch."""
# ruff: noqa: B008 -- the defaults of Sentence Transformers, which have no state

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...losses.base import dotted_name, finite
from ...losses.gradient_cache import check_size, recompute
from .base import PairLoss


class MultipleNegativesRankingLoss(PairLoss):
    """InfoNCE over each query's own columns and `num_negatives` of other rows (arXiv:1705.00652, section 4.4)."""

    columns = (2, None)
    needs_labels = False
    cites = "smart-reply"

    def __init__(
        self, model: Any, num_negatives: int | None = 4, scale: float = 10.0, activation_fn: Any = nn.Sigmoid()
    ) -> None:
        super().__init__(model, nn.Sigmoid() if activation_fn is None else activation_fn)
        self.num_negatives, self.scale = num_negatives, scale

    def forward(self, inputs: list[list[str]], labels: Any = None) -> Tensor:
        """Mean over the queries."""
        self.check(len(inputs), labels)
        queries, *columns = inputs
        rows = len(queries)
        documents = [*columns, *self.negatives(columns)]
        pairs = [pair for column in documents for pair in zip(queries, column, strict=True)]
        scores = self.pair_scores(pairs).view(len(documents), rows).t() * self.scale
        return finite(self, F.cross_entropy(scores, scores.new_zeros(rows, dtype=torch.long)))  # type: ignore[no-any-return]

    def negatives(self, columns: list[list[str]]) -> list[list[str]]:
        """Columns of documents drawn from other rows: at most as many as there are."""
        rows, texts = len(columns[0]), [text for column in columns for text in column]
        others = ~torch.eye(rows, dtype=torch.bool).repeat(1, len(columns))
        available = int(others[0].sum())
        wanted = available if self.num_negatives is None else min(self.num_negatives, available)
        if not wanted:
            return []
        drawn = torch.multinomial(others.float(), wanted)
        return [[texts[place] for place in column] for column in drawn.t().tolist()]

    def pair_scores(self, pairs: list[tuple[str, str]]) -> Tensor:
        """One score a pair."""
        return self.scores(pairs)

    def get_config_dict(self) -> dict[str, Any]:
        return {
            "scale": self.scale,
            "num_negatives": self.num_negatives,
            "activation_fn": dotted_name(self.activation_fn),
        }


class CachedMultipleNegativesRankingLoss(MultipleNegativesRankingLoss):
    """The same with GradCache (arXiv:2101.06983): the same gradient in less memory."""

    cites = "grad-cache"

    def __init__(
        self,
        model: Any,
        num_negatives: int | None = 4,
        scale: float = 10.0,
        activation_fn: Any = nn.Sigmoid(),
        mini_batch_size: int = 32,
        show_progress_bar: bool = False,
    ) -> None:
        super().__init__(model, num_negatives, scale, activation_fn)
        check_size(mini_batch_size)
        self.mini_batch_size, self.show_progress_bar = mini_batch_size, show_progress_bar

    def pair_scores(self, pairs: list[tuple[str, str]]) -> Tensor:
        """One score a pair, their activations made again in the backward pass."""
        size = self.mini_batch_size
        parts = [pairs[start : start + size] for start in range(0, len(pairs), size)]
        return torch.cat([recompute(self.scores, part) for part in parts])

    def get_config_dict(self) -> dict[str, Any]:
        return {**super().get_config_dict(), "mini_batch_size": self.mini_batch_size}
