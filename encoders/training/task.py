"""What differs between the trainings of the three kinds of model."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .arguments import (
    CrossEncoderTrainingArguments,
    SentenceTransformerTrainingArguments,
    SparseEncoderTrainingArguments,
)
from .collator import CrossEncoderDataCollator, SentenceTransformerDataCollator, SparseEncoderDataCollator

_MARKS = ("_input_ids", "_sentence_embedding", "_pixel_values")


@dataclass(frozen=True)
class Task:
    """One kind of model: its arguments, its collator, its usual loss, and how a batch becomes the loss's columns."""

    arguments: type[SentenceTransformerTrainingArguments]
    collator: type[SentenceTransformerDataCollator]
    default_loss: Callable[[Any], Any]
    columns: Callable[[dict[str, Any]], list[Any]]
    # Whether the model reads a row's columns together, so that their lengths add up.
    joins_columns: bool = False

    def collator_for(self, model: Any, args: Any) -> SentenceTransformerDataCollator:
        """The collator for this model, with the prompts and routes of the arguments."""
        keeps_prompt = any(getattr(module, "include_prompt", True) is False for module in model.modules())
        return self.collator(
            model.tokenize,
            router_mapping=args.router_mapping,
            prompts=args.prompts,
            include_prompt_lengths=keeps_prompt,
            all_special_ids=set(getattr(model.tokenizer, "all_special_ids", ())),
        )


def tokenized_columns(batch: dict[str, Any]) -> list[dict[str, Any]]:
    """The features of each column."""
    prefixes = [key.removesuffix(mark)
                for key in batch for mark in _MARKS if key.endswith(mark)]  # fmt: skip
    return [
        {key.removeprefix(f"{prefix}_"): value for key, value in batch.items() if key.startswith(f"{prefix}_")}
        for prefix in dict.fromkeys(prefixes)
    ]


def text_columns(batch: dict[str, Any]) -> list[list[Any]]:
    """The texts of each column."""
    return [value for name, value in batch.items() if name != "label" and isinstance(value, list)]


def _dense_loss(model: Any) -> Any:
    from ..losses import CoSENTLoss

    return CoSENTLoss(model)


def _sparse_loss(model: Any) -> Any:
    losses: Any = importlib.import_module("..sparse_encoder.losses", __package__)
    ranking = losses.SparseMultipleNegativesRankingLoss(model)
    return losses.SpladeLoss(model, ranking, document_regularizer_weight=3e-5, query_regularizer_weight=5e-5)


def _cross_loss(model: Any) -> Any:
    losses: Any = importlib.import_module("..cross_encoder.losses", __package__)
    return losses.BinaryCrossEntropyLoss(model) if model.num_labels == 1 else losses.CrossEntropyLoss(model)


DENSE = Task(SentenceTransformerTrainingArguments, SentenceTransformerDataCollator, _dense_loss, tokenized_columns)
SPARSE = Task(SparseEncoderTrainingArguments, SparseEncoderDataCollator, _sparse_loss, tokenized_columns)
CROSS = Task(CrossEncoderTrainingArguments, CrossEncoderDataCollator, _cross_loss, text_columns, joins_columns=True)
