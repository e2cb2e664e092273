"""Pairs of documents of one query in the order of their labels."""
# ruff: noqa: B008 -- the defaults of Sentence Transformers, which have no state

from typing import Any, Literal

import torch
from torch import Tensor, nn

from ...losses.base import dotted_name, finite
from ...losses.errors import LossError
from .lists import ListLoss
from .weighting import BaseWeightingScheme, NDCGLoss1Scheme, NDCGLoss2PPScheme, NoWeightingScheme


class LambdaLoss(ListLoss):
    """Weighted logistic loss of every pair in the wrong order: LambdaLoss (Wang 2018, section 4)."""

    cites = "lambda"

    def __init__(
        self,
        model: Any,
        weighting_scheme: BaseWeightingScheme | None = NDCGLoss2PPScheme(),
        k: int | None = None,
        sigma: float = 1.0,
        eps: float = 1e-10,
        reduction_log: Literal["natural", "binary"] = "binary",
        activation_fn: Any = nn.Identity(),
        mini_batch_size: int | None = None,
    ) -> None:
        super().__init__(model, activation_fn, mini_batch_size)
        if reduction_log not in ("natural", "binary"):
            raise LossError(f"reduction_log must be 'natural' or 'binary', it is {reduction_log!r}")
        self.weighting_scheme = weighting_scheme or NoWeightingScheme()
        self.k, self.sigma, self.eps, self.reduction_log = k, sigma, eps, reduction_log

    def forward(self, inputs: list[Any], labels: Any) -> Tensor:
        """Mean over the pairs whose labels differ; 0 where no two do."""
        lists = self.lists(inputs, labels)
        scores, order = lists.scores.masked_fill(~lists.real, -1e16).sort(dim=1, descending=True)
        true = lists.labels.masked_fill(~lists.real, -torch.inf).gather(1, order)
        count = scores.shape[1]
        within = torch.arange(count, device=scores.device) < (self.k or count)
        real = torch.isfinite(true)
        chosen = real[:, :, None] & real[:, None, :]
        # NDCG-Loss1 weighs a document against every other, not pairs by their labels.
        if not isinstance(self.weighting_scheme, NDCGLoss1Scheme):
            chosen = chosen & (true[:, :, None] > true[:, None, :])
        chosen = chosen & (within[:, None] & within[None, :])
        weights = self._weights(true.clamp(min=0.0))
        difference = (scores[:, :, None] - scores[:, None, :]).clamp(-1e8, 1e8)
        likely = torch.sigmoid(self.sigma * difference).clamp(min=self.eps)
        likely = (likely**weights).clamp(min=self.eps)
        costs = -(likely.log2() if self.reduction_log == "binary" else likely.log())[chosen]
        return finite(self, costs.mean() if costs.numel() else lists.scores.sum() * 0.0)  # type: ignore[no-any-return]

    def _weights(self, true: Tensor) -> Tensor:
        """By predicted rank, relative to the best DCG of each query."""
        discount = torch.log2(1.0 + torch.arange(1, true.shape[1] + 1, device=true.device, dtype=true.dtype))[None]
        gain = 2.0**true - 1.0
        best = (2.0 ** true.sort(dim=1, descending=True).values - 1.0) / discount
        most = best[:, : self.k].sum(dim=1, keepdim=True).clamp(min=self.eps)
        weights: Tensor = self.weighting_scheme(gain / most, discount, true)
        return weights

    def get_config_dict(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("k", "sigma", "eps", "reduction_log")}
        return {"weighting_scheme": dotted_name(self.weighting_scheme), **own, **super().get_config_dict()}


class RankNetLoss(LambdaLoss):
    """Logistic loss of every pair in the wrong order: RankNet (Burges 2005)."""

    cites = "ranknet"

    def __init__(
        self,
        model: Any,
        k: int | None = None,
        sigma: float = 1.0,
        eps: float = 1e-10,
        reduction_log: Literal["natural", "binary"] = "binary",
        activation_fn: Any = nn.Identity(),
        mini_batch_size: int | None = None,
    ) -> None:
        super().__init__(model, None, k, sigma, eps, reduction_log, activation_fn, mini_batch_size)

    def get_config_dict(self) -> dict[str, Any]:
        return {key: value for key, value in super().get_config_dict().items() if key != "weighting_scheme"}
