"""Lists of documents of different lengths, padded to one tensor."""
# ruff: noqa: B008 -- the defaults of Sentence Transformers, which have no state

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from ...losses.base import dotted_name
from ...losses.errors import LossError
from .base import PairLoss


@dataclass(frozen=True)
class Lists:
    """Scores and labels of shape (queries, documents); `real` is false where a shorter list is padded."""

    scores: Tensor
    labels: Tensor
    real: Tensor


class ListLoss(PairLoss):
    """Reads (query, documents, labels), one list of documents a query."""

    def __init__(self, model: Any, activation_fn: Any = nn.Identity(), mini_batch_size: int | None = None) -> None:
        super().__init__(model, activation_fn)
        self.mini_batch_size = mini_batch_size

    def lists(self, inputs: list[Any], labels: Any) -> Lists:
        """Score every document; padding has score 0. Raises LossError where labels and documents differ in number."""
        self.check(len(inputs), labels)
        queries, documents = inputs
        sizes, given = [len(one) for one in documents], [len(one) for one in labels]
        if sizes != given:
            raise LossError(f"{type(self).__name__}: {sizes} documents, but {given} labels; give one label a document")
        pairs = [(query, text) for query, texts in zip(queries, documents, strict=True) for text in texts]
        # By default as many pairs at once as there are queries; -1 is all of them.
        size = len(queries) if self.mini_batch_size is None else self.mini_batch_size
        scores = self.scores(pairs, size if size > 0 else None)
        flags = [torch.ones(count, dtype=torch.bool) for count in sizes]
        wanted = [torch.as_tensor(one).to(scores) for one in labels]
        return Lists(
            pad_sequence(list(torch.split(scores, sizes)), batch_first=True),
            pad_sequence(wanted, batch_first=True),
            pad_sequence(flags, batch_first=True).to(scores.device),
        )

    def get_config_dict(self) -> dict[str, Any]:
        return {"activation_fn": dotted_name(self.activation_fn), "mini_batch_size": self.mini_batch_size}
