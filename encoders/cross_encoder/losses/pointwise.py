"""A label, a score or a margin that each pair should arrive at."""
# ruff: noqa: B008 -- the defaults of Sentence Transformers, which have no state

from typing import Any, ClassVar

from torch import Tensor, nn

from ...losses.base import dotted_name, finite
from ...losses.errors import LossError
from .base import PairLoss


class OneByOneLoss(PairLoss):
    """Compares each pair's score with what it should be."""

    def __init__(self, model: Any, activation_fn: Any = nn.Identity(), loss_fct: Any = None) -> None:
        super().__init__(model, activation_fn)
        self.loss_fct = loss_fct

    def forward(self, inputs: list[list[str]], labels: Tensor) -> Tensor:
        """Mean over the pairs."""
        self.check(len(inputs), labels)
        value = self.loss_fct(*self.compared(inputs, labels))
        return finite(self, value)  # type: ignore[no-any-return]

    def compared(self, inputs: list[list[str]], labels: Tensor) -> tuple[Tensor, Tensor]:
        """Scores and what they should be."""
        scores = self.scores(list(zip(*inputs, strict=True)))
        return scores, labels.to(scores.dtype)

    def get_config_dict(self) -> dict[str, Any]:
        return {"activation_fn": dotted_name(self.activation_fn)}


class BinaryCrossEntropyLoss(OneByOneLoss):
    """Binary cross entropy of sigmoid(score) over (text, text, label) (arXiv:1901.04085, eq. 1)."""

    def __init__(
        self, model: Any, activation_fn: Any = nn.Identity(), pos_weight: Tensor | None = None, **kwargs: Any
    ) -> None:
        super().__init__(model, activation_fn, nn.BCEWithLogitsLoss(pos_weight=pos_weight, **kwargs))

    def get_config_dict(self) -> dict[str, Any]:
        weight = self.loss_fct.pos_weight
        return {**super().get_config_dict(), "pos_weight": weight if weight is None else weight.item()}


class CrossEntropyLoss(OneByOneLoss):
    """Cross entropy over the classes of (text, text, class) (arXiv:1908.10084, section 3)."""

    one_label: ClassVar[bool] = False

    def __init__(self, model: Any, activation_fn: Any = nn.Identity(), **kwargs: Any) -> None:
        super().__init__(model, activation_fn, nn.CrossEntropyLoss(**kwargs))

    def compared(self, inputs: list[list[str]], labels: Tensor) -> tuple[Tensor, Tensor]:
        """A row of logits a pair, and its class."""
        return self.activation_fn(self.logits(list(zip(*inputs, strict=True)))), labels


class MSELoss(OneByOneLoss):
    """Squared distance to a teacher's score (arXiv:2010.02666, section 3)."""

    cites = "margin-mse"

    def __init__(self, model: Any, activation_fn: Any = nn.Identity(), **kwargs: Any) -> None:
        super().__init__(model, activation_fn, nn.MSELoss(**kwargs))


class MarginMSELoss(MSELoss):
    """Squared distance to a teacher's margin over (query, positive, negative) (arXiv:2010.02666, eq. 8)."""

    columns = (3, 3)

    def compared(self, inputs: list[list[str]], labels: Tensor) -> tuple[Tensor, Tensor]:
        """Margins of the student and of the teacher."""
        queries, positives, negatives = inputs
        if labels.dim() != 1:
            raise LossError(f"MarginMSELoss needs one margin a row, the label column has shape {tuple(labels.shape)}")
        better, worse = (self.scores(list(zip(queries, texts, strict=True))) for texts in (positives, negatives))
        return better - worse, labels.to(better.dtype)
