"""What every loss on embeddings does: read the columns, check them, compute."""

from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from .citations import bibtex
from .errors import LossError

Features = dict[str, Tensor]
Value = Tensor | dict[str, Tensor]


class EmbeddingLoss(nn.Module):
    """Embeds each column with the model; a child says what the embeddings and labels are worth.

    Wrappers (Matryoshka, adaptive layers, SPLADE) call the three steps `embed`, `context` and
    `compute_loss_from_embeddings` in their own order.
    """

    columns: ClassVar[tuple[int, int | None]] = (2, None)
    needs_labels: ClassVar[bool] = False
    cites: ClassVar[str] = "sentence-bert"

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def embed(self, features: list[Features]) -> list[Tensor]:
        """One tensor of (rows, dimensions) a column."""
        return [self.model(dict(column))["sentence_embedding"] for column in features]

    def context(self, features: list[Features]) -> Any:  # noqa: ARG002 -- for children
        """What a loss reads from the columns beside their embeddings."""
        return None

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor | None, context: Any = None) -> Any:
        """The value, differentiable in the embeddings."""
        raise NotImplementedError

    def forward(self, sentence_features: Iterable[Features], labels: Tensor | None = None) -> Any:
        """The value for one batch. Raises LossError for a batch that does not fit, or a value that is no number."""
        features = list(sentence_features)
        self.check(len(features), labels)
        return finite(self, self.compute_loss_from_embeddings(self.embed(features), labels, self.context(features)))

    def check(self, columns: int, labels: Tensor | None) -> None:
        """Raises LossError if the number of text columns or the absence of labels cannot be right."""
        check_columns(self, columns)
        if self.needs_labels and labels is None:
            raise LossError(f"{type(self).__name__} needs a label column (label, labels, score or scores); none came")

    def get_config_dict(self) -> dict[str, Any]:
        """The settings that a model card shows."""
        return {}

    @property
    def citation(self) -> str:
        """BibTeX of the paper."""
        return bibtex(self.cites)


def check_columns(loss: Any, columns: int) -> None:
    """Raises LossError if `loss` cannot read this many text columns."""
    fewest, most = loss.columns
    if columns < fewest or (most is not None and columns > most):
        wanted = f"at least {fewest}" if most is None else str(fewest) if fewest == most else f"{fewest} to {most}"
        raise LossError(
            f"{type(loss).__name__} needs {wanted} text column(s), the dataset has {columns}; "
            "select_columns() or another loss makes them fit"
        )


def label_per_row(loss: nn.Module, labels: Tensor, rows: int) -> Tensor:
    """The labels as one number a row. Raises LossError for any other shape."""
    flat = labels.reshape(-1)
    if flat.shape[0] != rows:
        raise LossError(
            f"{type(loss).__name__} needs one label a row ({rows} rows), the label column has shape "
            f"{tuple(labels.shape)}"
        )
    return flat


def finite(loss: nn.Module, value: Any) -> Any:
    """`value` itself. Raises LossError if it, or one of its parts, is not a number."""
    for name, part in value.items() if isinstance(value, dict) else (("loss", value),):
        # Infinity is let through: fp16 training scales it away by itself.
        if torch.isnan(part).any():
            raise LossError(
                f"{type(loss).__name__}: {name} is not a number; look for empty labels or NaN scores in this "
                "batch, or lower the learning rate"
            )
    return value


def name_of(function: Any) -> str:
    """A function's own name, as the model card shows it."""
    return str(getattr(function, "__name__", None) or type(function).__name__)


def dotted_name(value: object) -> str:
    """The full path of an object's class."""
    return f"{type(value).__module__}.{type(value).__name__}"
