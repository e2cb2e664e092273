"""Unsupervised: two copies of a model agree on the same sentence and disagree on different ones."""

import copy
import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..readers.example import example
from ..util.similarity import cos_sim
from .base import EmbeddingLoss, Features, label_per_row
from .errors import LossError


class _TwoCopies(EmbeddingLoss):
    columns = (2, 2)
    cites = "contrastive-tension"

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        del self.model
        self.model2 = model
        self.model1 = copy.deepcopy(model)

    def embed(self, features: list[Features]) -> list[Tensor]:
        """The first column by the copy, the second by the model that is kept."""
        pairs = zip((self.model1, self.model2), features, strict=True)
        return [model(dict(column))["sentence_embedding"] for model, column in pairs]


class ContrastiveTensionLoss(_TwoCopies):
    """Contrastive tension (Carlsson et al. 2021, eq. 2) over pairs of ContrastiveTensionDataLoader."""

    needs_labels = True

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Binary cross entropy of the dot products, summed."""
        wanted = label_per_row(self, labels, len(embeddings[0]))  # type: ignore[arg-type]
        scores = (embeddings[0] * embeddings[1]).sum(dim=-1)
        return F.binary_cross_entropy_with_logits(scores, wanted.to(scores.dtype), reduction="sum")


class ContrastiveTensionLossInBatchNegatives(_TwoCopies):
    """Contrastive tension (Carlsson et al. 2021) with the other rows as negatives and a learned scale."""

    def __init__(self, model: Any, scale: float = 20.0, similarity_fct: Any = cos_sim) -> None:
        super().__init__(model)
        self.similarity_fct = similarity_fct
        self.logit_scale = nn.Parameter(torch.ones([]) * math.log(scale))

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Cross entropy in both directions."""
        scores = self.similarity_fct(embeddings[0], embeddings[1]) * self.logit_scale.exp()
        right = torch.arange(len(scores), device=scores.device)
        return (F.cross_entropy(scores, right) + F.cross_entropy(scores.t(), right)) / 2

    def get_config_dict(self) -> dict[str, Any]:
        return {"similarity_fct": self.similarity_fct.__name__}


class ContrastiveTensionDataLoader:
    """Batches of pairs: one sentence with itself (label 1), then `pos_neg_ratio` - 1 random pairs (label 0)."""

    def __init__(self, sentences: Sequence[str], batch_size: int, pos_neg_ratio: int = 8) -> None:
        if batch_size % pos_neg_ratio:
            raise LossError(f"batch_size {batch_size} must be a multiple of pos_neg_ratio {pos_neg_ratio}")
        self.sentences, self.batch_size, self.pos_neg_ratio = list(sentences), batch_size, pos_neg_ratio
        self.collate_fn: Any = None

    def __iter__(self) -> Iterator[Any]:
        random.shuffle(self.sentences)
        batch: list[Any] = []
        for index, sentence in enumerate(self.sentences):
            is_same = index % self.pos_neg_ratio == 0
            other = (
                sentence if is_same else self.sentences[int(np.random.default_rng(index).integers(len(self.sentences)))]
            )
            batch.append(example([sentence, other], int(is_same)))
            if len(batch) == self.batch_size:
                yield self.collate_fn(batch) if self.collate_fn is not None else batch
                batch = []

    def __len__(self) -> int:
        return len(self.sentences) // self.batch_size
