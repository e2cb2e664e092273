"""The small port behind which a model runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .plan import TokenBudget
from .tokenizer import TokenizedText


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """A padded batch: three int64 arrays of shape (texts, tokens)."""

    input_ids: npt.NDArray[np.int64]
    attention_mask: npt.NDArray[np.int64]
    token_type_ids: npt.NDArray[np.int64]


class Executor(Protocol):
    """Runs one batch. Safe for several threads."""

    @property
    def name(self) -> str:
        """What runs, in which numerics, and why it was chosen."""
        ...

    @property
    def budget(self) -> TokenBudget:
        """How large its batches are best, and how mixed their lengths may be."""
        ...

    def run(self, batch: TokenBatch) -> npt.NDArray[np.float32]:
        """The graph's output: one row a text, or token embeddings or logits of a graph that ends before its head."""
        ...

    def close(self) -> None:
        """Free the memory; the executor is not used again."""
        ...


class HiddenStates(Protocol):
    """What a model makes of each token before it is pooled."""

    def __call__(self, batch: TokenBatch) -> npt.NDArray[np.float32]:
        """float32 (texts, tokens, width); what stands at padding means nothing."""
        ...


def pad(texts: Sequence[TokenizedText], pad_id: int = 0) -> TokenBatch:
    """Pad to the longest text of the batch."""
    shape = (len(texts), max(text.length for text in texts))
    arrays: dict[str, Any] = {
        "input_ids": np.full(shape, pad_id, dtype=np.int64),
        "attention_mask": np.zeros(shape, dtype=np.int64),
        "token_type_ids": np.zeros(shape, dtype=np.int64),
    }
    for row, text in enumerate(texts):
        arrays["input_ids"][row, : text.length] = text.ids
        arrays["attention_mask"][row, : text.length] = 1
        arrays["token_type_ids"][row, : text.length] = text.type_ids
    return TokenBatch(**arrays)
