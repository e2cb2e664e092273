"""The right document among those of the whole batch."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..util.distributed import all_gather_with_grad
from ..util.similarity import cos_sim
from .base import EmbeddingLoss, Features, name_of
from .gradient_cache import check_size, embed_in_slices, recompute


def ranking_loss(queries: Tensor, documents: Tensor, similarity: Any, scale: float, first: int = 0) -> Tensor:
    """Cross entropy of row i of `queries` choosing row `first` + i of `documents`."""
    scores = similarity(queries, documents) * scale
    return F.cross_entropy(scores, torch.arange(first, first + len(queries), device=scores.device))


def first_row(rows: int) -> int:
    """Where this process's rows begin among those of all."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank() * rows
    return 0


class MultipleNegativesRankingLoss(EmbeddingLoss):
    """InfoNCE over in-batch negatives, and hard ones from further columns (arXiv:1705.00652, section 4.4)."""

    cites = "smart-reply"

    def __init__(
        self, model: Any, scale: float = 20.0, similarity_fct: Any = cos_sim, gather_across_devices: bool = False
    ) -> None:
        super().__init__(model)
        self.scale, self.similarity_fct = scale, similarity_fct
        self.gather_across_devices = gather_across_devices

    def documents(self, embeddings: list[Tensor]) -> list[Tensor]:
        """The document columns, with those of the other processes if asked for."""
        columns = embeddings[1:]
        return [all_gather_with_grad(column) for column in columns] if self.gather_across_devices else columns

    def first(self, rows: int) -> int:
        """Where the positives of this process begin."""
        return first_row(rows) if self.gather_across_devices else 0

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Mean over the queries."""
        queries = embeddings[0]
        documents = torch.cat(self.documents(embeddings))
        return ranking_loss(queries, documents, self.similarity_fct, self.scale, self.first(len(queries)))

    def get_config_dict(self) -> dict[str, Any]:
        return {
            "scale": self.scale,
            "similarity_fct": name_of(self.similarity_fct),
            "gather_across_devices": self.gather_across_devices,
        }


class MultipleNegativesSymmetricRankingLoss(MultipleNegativesRankingLoss):
    """InfoNCE in both directions: the document for the query, and the query for the document (arXiv:1705.00652)."""

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Mean of the two directions."""
        queries = embeddings[0]
        columns = self.documents(embeddings)
        first = self.first(len(queries))
        there = ranking_loss(queries, torch.cat(columns), self.similarity_fct, self.scale, first)
        positives = columns[0][first : first + len(queries)]
        back = ranking_loss(positives, queries, self.similarity_fct, self.scale)
        return (there + back) / 2


class CachedMultipleNegativesRankingLoss(MultipleNegativesRankingLoss):
    """MultipleNegativesRankingLoss with GradCache (arXiv:2101.06983): the same gradient in less memory."""

    cites = "grad-cache"

    def __init__(
        self,
        model: Any,
        scale: float = 20.0,
        similarity_fct: Any = cos_sim,
        mini_batch_size: int = 32,
        gather_across_devices: bool = False,
        show_progress_bar: bool = False,
    ) -> None:
        super().__init__(model, scale, similarity_fct, gather_across_devices)
        check_size(mini_batch_size)
        self.mini_batch_size, self.show_progress_bar = mini_batch_size, show_progress_bar

    def embed(self, features: list[Features]) -> list[Tensor]:
        """Each column in slices, embedded again in the backward pass."""
        return embed_in_slices(self.model, features, self.mini_batch_size, self.show_progress_bar)

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Mean over the queries; the scores, too, exist for one slice at a time."""
        documents = torch.cat(self.documents(embeddings))
        rows, size = len(embeddings[0]), self.mini_batch_size
        first = self.first(rows)
        total = embeddings[0].new_zeros(())
        for start in range(0, rows, size):
            part = embeddings[0][start : start + size]
            value = recompute(ranking_loss, part, documents, self.similarity_fct, self.scale, first + start)
            total = total + value * (len(part) / rows)
        return total

    def get_config_dict(self) -> dict[str, Any]:
        plain = super().get_config_dict()
        gather = plain.pop("gather_across_devices")
        return {**plain, "mini_batch_size": self.mini_batch_size, "gather_across_devices": gather}


class CachedMultipleNegativesSymmetricRankingLoss(CachedMultipleNegativesRankingLoss):
    """MultipleNegativesSymmetricRankingLoss with GradCache (arXiv:2101.06983)."""

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:
        """Mean of the two directions."""
        return MultipleNegativesSymmetricRankingLoss.compute_loss_from_embeddings(
            self,  # type: ignore[arg-type]
            embeddings,
            labels,
            context,
        )
