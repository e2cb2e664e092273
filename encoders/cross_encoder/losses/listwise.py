"""The whole list of a query at once, as a distribution or a permutation."""
# ruff: noqa: B008 -- the defaults of Sentence Transformers, which have no state

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ...losses.base import dotted_name, finite
from .lists import ListLoss


class ListNetLoss(ListLoss):
    """Cross entropy of the softmax of labels and that of scores: ListNet (Cao 2007)."""

    cites = "listnet"

    def forward(self, inputs: list[Any], labels: Any) -> Tensor:
        """Mean over the queries."""
        lists = self.lists(inputs, labels)
        scores = lists.scores.masked_fill(~lists.real, -1e16)
        wanted = lists.labels.masked_fill(~lists.real, -torch.inf).softmax(dim=1)
        return finite(self, -(wanted * scores.log_softmax(dim=1)).sum(dim=1).mean())  # type: ignore[no-any-return]


class PListMLELambdaWeight(nn.Module):
    """Weight of each place, 2^(places after it, and itself) - 1 (Lan 2014, section 4), or a function of the ranks."""

    def __init__(self, rank_discount_fn: Callable[[Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.rank_discount_fn = rank_discount_fn

    def forward(self, mask: Tensor) -> Tensor:
        """Weights of the shape of `mask`, which is true at real documents."""
        ranks = torch.arange(mask.shape[1], device=mask.device).expand(mask.shape)
        if self.rank_discount_fn is not None:
            return self.rank_discount_fn(ranks)
        return (2.0 ** (mask.sum(dim=1, keepdim=True) - ranks) - 1.0) * mask


class PListMLELoss(ListLoss):
    """Position-aware ListMLE (Lan 2014): choosing the documents in order, early choices weighing more.

    As in Sentence Transformers, a shorter list is padded with documents of score 0 that could be chosen, too.
    """

    cites = "plistmle"

    def __init__(
        self,
        model: Any,
        lambda_weight: PListMLELambdaWeight | None = PListMLELambdaWeight(),
        activation_fn: Any = nn.Identity(),
        mini_batch_size: int | None = None,
        respect_input_order: bool = True,
    ) -> None:
        super().__init__(model, activation_fn, mini_batch_size)
        self.lambda_weight, self.respect_input_order = lambda_weight, respect_input_order

    def forward(self, inputs: list[Any], labels: Any) -> Tensor:
        """Mean over the queries."""
        lists = self.lists(inputs, labels)
        scores, real = lists.scores, lists.real
        if not self.respect_input_order:
            order = lists.labels.masked_fill(~real, -torch.inf).argsort(dim=1, descending=True)
            scores, real = scores.gather(1, order), real.gather(1, order)
        left = scores.flip(1).logcumsumexp(dim=1).flip(1)
        costs = (left - scores) * real
        if self.lambda_weight is not None:
            weights = self.lambda_weight(real) * real
            costs = costs * weights / weights.sum(dim=1, keepdim=True)
        return finite(self, costs.sum(dim=1).mean())  # type: ignore[no-any-return]

    def get_config_dict(self) -> dict[str, Any]:
        weight = None if self.lambda_weight is None else dotted_name(self.lambda_weight)
        return {"lambda_weight": weight, **super().get_config_dict(), "respect_input_order": self.respect_input_order}


class ListMLELoss(PListMLELoss):
    """Likelihood of the right permutation: ListMLE (Xia 2008, section 4), every place weighing the same."""

    cites = "listmle"

    def __init__(
        self,
        model: Any,
        activation_fn: Any = nn.Identity(),
        mini_batch_size: int | None = None,
        respect_input_order: bool = True,
    ) -> None:
        super().__init__(model, None, activation_fn, mini_batch_size, respect_input_order)

    def get_config_dict(self) -> dict[str, Any]:
        return {key: value for key, value in super().get_config_dict().items() if key != "lambda_weight"}
