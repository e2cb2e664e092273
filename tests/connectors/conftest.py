"""A predictable encoder: whatever it says can be worked out in one's head."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from outrider.connectors import Encoded, EncodingFailed, ModelIdentity, Models

TOPICS = ("cat", "dog", "car", "tax")


@dataclass
class CountingEncoder:
    """Dense: how often each of four words occurs, plus 0.1. Sparse: how often each word occurs. Rank: shared words."""

    models: Models = field(
        default_factory=lambda: Models(
            dense=ModelIdentity("counting-dense", "d1"),
            sparse=ModelIdentity("counting-sparse", "s1"),
            rerank=ModelIdentity("counting-rerank", "r1"),
            dimension=len(TOPICS),
        )
    )
    encoded: list[str] = field(default_factory=list)
    refuses: str = "unspeakable"

    def encode_document(self, texts: Sequence[str]) -> Sequence[Encoded | EncodingFailed]:
        self.encoded.extend(texts)
        return [EncodingFailed("it is unspeakable") if self.refuses in t else self.encode_query(t) for t in texts]

    def encode_query(self, text: str) -> Encoded:
        words = text.lower().split()
        dense = [words.count(topic) + 0.1 for topic in TOPICS]
        return Encoded(dense=dense, sparse={word: float(words.count(word)) for word in words})

    def rank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        asked = set(query.lower().split())
        return [len(asked & set(passage.lower().split())) / len(asked) for passage in passages]


@pytest.fixture
def encoder() -> CountingEncoder:
    return CountingEncoder()
