"""In-batch negatives, without those that a guide model takes for positives."""

from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..util.distributed import all_gather, all_gather_with_grad
from .base import EmbeddingLoss, Features
from .errors import LossError
from .gradient_cache import check_size, embed_in_slices, slices
from .ranking import first_row

MarginStrategy = Literal["absolute", "relative"]


def _cosines(left: Tensor, right: Tensor) -> Tensor:
    return F.normalize(left, dim=-1) @ F.normalize(right, dim=-1).t()


class GISTEmbedLoss(EmbeddingLoss):
    """GISTEmbed (arXiv:2402.16829): InfoNCE whose likely false negatives are masked by a guide model."""

    columns = (2, 3)
    cites = "gist"

    def __init__(
        self,
        model: Any,
        guide: Any,
        temperature: float = 0.01,
        margin_strategy: MarginStrategy = "absolute",
        margin: float = 0.0,
        contrast_anchors: bool = True,
        contrast_positives: bool = True,
        gather_across_devices: bool = False,
    ) -> None:
        super().__init__(model)
        if margin_strategy not in ("absolute", "relative"):
            raise LossError(f"margin_strategy must be 'absolute' or 'relative', it is {margin_strategy!r}")
        self.guide = guide
        self.temperature = temperature
        self.margin_strategy, self.margin = margin_strategy, margin
        self.contrast_anchors, self.contrast_positives = contrast_anchors, contrast_positives
        self.gather_across_devices = gather_across_devices
        # Token ids mean the same to both only if the vocabulary and the cut are the same.
        self.must_retokenize = (
            model.tokenizer.get_vocab() != guide.tokenizer.get_vocab() or guide.max_seq_length < model.max_seq_length
        )

    def context(self, features: list[Features]) -> list[Tensor]:
        """The guide's embeddings of the columns."""
        with torch.no_grad():
            return [self.guide(self._for_guide(column))["sentence_embedding"] for column in features]

    def _for_guide(self, column: Features) -> Features:
        if not self.must_retokenize:
            return dict(column)
        texts = self.model.tokenizer.batch_decode(column["input_ids"], skip_special_tokens=True)
        tokens = self.guide.tokenize(texts)
        return {name: value.to(self.guide.device) if isinstance(value, Tensor) else value
                for name, value in tokens.items()}  # fmt: skip

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:  # noqa: ARG002
        """Cross entropy of the positive among all that the guide leaves."""
        columns, guided = self._gathered(embeddings, context)
        rows = len(embeddings[0])
        first = first_row(rows) if self.gather_across_devices else 0
        right = torch.arange(first, first + rows, device=embeddings[0].device)
        threshold = self._threshold(_cosines(context[0], context[1]).diagonal()[:, None])

        def scores(query: int, document: int) -> tuple[Tensor, Tensor]:
            is_false = _cosines(context[query], guided[document]) > threshold
            return _cosines(embeddings[query], columns[document]), is_false

        blocks = [(0, 1)]
        blocks += [(0, 0)] * self.contrast_anchors + [(1, 1)] * self.contrast_positives
        blocks += [(0, document) for document in range(2, len(columns))]
        parts = []
        for number, block in enumerate(blocks):
            value, is_false = scores(*block)
            if number == 0:
                is_false = is_false & (torch.arange(value.shape[1], device=value.device) != right[:, None])
            parts.append(value.masked_fill(is_false, -torch.inf))
        return F.cross_entropy(torch.cat(parts, dim=1) / self.temperature, right)

    def _gathered(self, embeddings: list[Tensor], guided: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        if not self.gather_across_devices:
            return embeddings, guided
        return [all_gather_with_grad(column) for column in embeddings], [all_gather(column) for column in guided]

    def _threshold(self, positive: Tensor) -> Tensor:
        return positive - self.margin if self.margin_strategy == "absolute" else positive * (1 - self.margin)

    def get_config_dict(self) -> dict[str, Any]:
        return {
            "guide": self.guide,
            "temperature": self.temperature,
            "margin_strategy": self.margin_strategy,
            "margin": self.margin,
            "contrast_anchors": self.contrast_anchors,
            "contrast_positives": self.contrast_positives,
            "gather_across_devices": self.gather_across_devices,
        }


class CachedGISTEmbedLoss(GISTEmbedLoss):
    """GISTEmbedLoss with GradCache (arXiv:2101.06983): the same gradient, memory for `mini_batch_size` rows."""

    def __init__(
        self,
        model: Any,
        guide: Any,
        temperature: float = 0.01,
        mini_batch_size: int = 32,
        show_progress_bar: bool = False,
        margin_strategy: MarginStrategy = "absolute",
        margin: float = 0.0,
        contrast_anchors: bool = True,
        contrast_positives: bool = True,
        gather_across_devices: bool = False,
    ) -> None:
        super().__init__(
            model, guide, temperature, margin_strategy, margin, contrast_anchors, contrast_positives,
            gather_across_devices,
        )  # fmt: skip
        check_size(mini_batch_size)
        self.mini_batch_size, self.show_progress_bar = mini_batch_size, show_progress_bar

    def embed(self, features: list[Features]) -> list[Tensor]:
        """Each column in slices, embedded again in the backward pass."""
        return embed_in_slices(self.model, features, self.mini_batch_size, self.show_progress_bar)

    def context(self, features: list[Features]) -> list[Tensor]:
        """The guide's embeddings, in slices as well."""
        plain = super().context
        return [torch.cat([plain([part])[0] for part in slices(column, self.mini_batch_size)]) for column in features]

    def get_config_dict(self) -> dict[str, Any]:
        return {**super().get_config_dict(), "mini_batch_size": self.mini_batch_size}
