"""How long a search through the gateway waits for models, and what happens without them."""

import math
from dataclasses import asdict, dataclass
from typing import Literal

from .errors import BadSpec

Writes = Literal["pending", "refuse"]
Searches = Literal["bm25", "refuse"]


@dataclass(frozen=True, slots=True)
class WhenEncoderDown:
    """What becomes of requests that nobody can encode now.

    Writes are stored without vectors, marked as pending and completed later, or refused; searches are answered by BM25
    alone, or refused.
    """

    writes: Writes = "pending"
    searches: Searches = "bm25"


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds that a search waits for its query to be encoded, and then for its results to be reranked.

    Without the first in time it is as if the encoder were down; without the second, the fused order is the answer.
    """

    encode_s: float = 2.0
    rerank_s: float = 5.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not (math.isfinite(value) and value > 0):
                raise BadSpec(f"deadlines.{name} is {value}; it must be a number of seconds above 0")
