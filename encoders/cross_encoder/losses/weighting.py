"""What a wrongly ordered pair costs (Wang 2018, sections 3 and 4)."""

import torch
from torch import Tensor, nn


class BaseWeightingScheme(nn.Module):
    """From gains and discounts of shape (queries, documents), by predicted rank, to a weight a pair."""

    def forward(self, gain: Tensor, discount: Tensor, true_sorted: Tensor) -> Tensor:
        """Weights that broadcast to (queries, documents, documents)."""
        raise NotImplementedError


class NoWeightingScheme(BaseWeightingScheme):
    """Every pair the same: RankNet."""

    def forward(self, gain: Tensor, discount: Tensor, true_sorted: Tensor) -> Tensor:  # noqa: ARG002
        return torch.tensor(1.0, device=gain.device)


class NDCGLoss1Scheme(BaseWeightingScheme):
    """Gain over discount of the better document."""

    def forward(self, gain: Tensor, discount: Tensor, true_sorted: Tensor) -> Tensor:  # noqa: ARG002
        return (gain / discount)[:, :, None]


class NDCGLoss2Scheme(BaseWeightingScheme):
    """A tighter bound: the discount between two ranks as far apart as the pair."""

    def forward(self, gain: Tensor, discount: Tensor, true_sorted: Tensor) -> Tensor:  # noqa: ARG002
        places = torch.arange(gain.shape[1], device=gain.device)
        apart = (places[:, None] - places[None, :]).abs()
        inverse = 1.0 / discount[0]
        delta = (inverse[(apart - 1).clamp(min=0)] - inverse[apart]).abs() * (apart > 0)
        return delta[None] * (gain[:, :, None] - gain[:, None, :]).abs()


class LambdaRankScheme(BaseWeightingScheme):
    """What exchanging the two would change in NDCG: LambdaRank."""

    def forward(self, gain: Tensor, discount: Tensor, true_sorted: Tensor) -> Tensor:  # noqa: ARG002
        inverse = 1.0 / discount
        return (inverse[:, :, None] - inverse[:, None, :]).abs() * (gain[:, :, None] - gain[:, None, :]).abs()


class NDCGLoss2PPScheme(BaseWeightingScheme):
    """`mu` times NDCGLoss2, plus LambdaRank."""

    def __init__(self, mu: float = 10.0) -> None:
        super().__init__()
        self.mu = mu
        self.ndcg_loss2, self.lambda_rank = NDCGLoss2Scheme(), LambdaRankScheme()

    def forward(self, gain: Tensor, discount: Tensor, true_sorted: Tensor) -> Tensor:
        bound: Tensor = self.ndcg_loss2(gain, discount, true_sorted)
        rank: Tensor = self.lambda_rank(gain, discount, true_sorted)
        return self.mu * bound + rank
