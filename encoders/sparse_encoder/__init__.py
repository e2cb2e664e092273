"""Learned sparse embeddings: the encoder, its modules, and search engines to try them in."""

from ..lazy import on_first_use
from ..model_card import SparseEncoderModelCardData
from .encoder import SparseEncoder

__all__ = ["SparseEncoder", "SparseEncoderModelCardData"]

_TRAINING = {"SparseEncoderTrainer": "trainer", "SparseEncoderTrainingArguments": "training_args"}
_MODULES = (
    "callbacks",
    "data_collator",
    "evaluation",
    "losses",
    "model_card",
    "models",
    "search_engines",
    "trainer",
    "training_args",
)

__getattr__, __dir__ = on_first_use(__name__, _TRAINING, _MODULES)
