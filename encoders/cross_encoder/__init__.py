"""Pair scorers: the encoder that reads query and document together."""

from ..lazy import on_first_use
from ..model_card import CrossEncoderModelCardData
from .encoder import CrossEncoder

__all__ = ["CrossEncoder", "CrossEncoderModelCardData"]

_TRAINING = {"CrossEncoderTrainer": "trainer", "CrossEncoderTrainingArguments": "training_args"}
_MODULES = ("data_collator", "evaluation", "losses", "model_card", "trainer", "training_args", "util")

__getattr__, __dir__ = on_first_use(__name__, _TRAINING, _MODULES)
