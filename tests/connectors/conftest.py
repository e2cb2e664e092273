"""A predictable encoder, and clusters whose test indices go away again."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    Cluster,
    Context,
    DenseField,
    Encoded,
    EncoderUnavailable,
    EncodingFailed,
    IndexSpec,
    Measured,
    ModelIdentity,
    Models,
    OpenSearchCluster,
    SparseField,
    connect,
)
from outrider.plugin.client import SidecarClient

TOPICS = ("cat", "dog", "car", "tax")
ROOM = 8
COUNTING = Models(
    dense=ModelIdentity("counting-dense", "d1"),
    sparse=ModelIdentity("counting-sparse", "s1"),
    rerank=ModelIdentity("counting-rerank", "r1"),
    dimension=len(TOPICS),
)


@dataclass
class CountingEncoder:
    """Dense: how often each of four words occurs, plus 0.1. Sparse: how often each word occurs. Rank: shared words.

    A chunk's vector is that of its own words, and a tenth of that of all that was read with it. Whatever holds
    "unspeakable" cannot be encoded. With `answers` set, it is away after so many calls.
    """

    models: Models = COUNTING
    encoded: list[str] = field(default_factory=list)
    answers: int | None = None

    def encode_document(self, texts: Sequence[str]) -> Sequence[Encoded | EncodingFailed]:
        if self.answers is not None:
            if not self.answers:
                raise EncoderUnavailable("the encoder is away")
            self.answers -= 1
        self.encoded.extend(texts)
        return [EncodingFailed("it is unspeakable") if "unspeakable" in t else self._read(t) for t in texts]

    def encode_chunks(
        self, contexts: Sequence[Context], texts: Sequence[Sequence[str]]
    ) -> Sequence[Sequence[Encoded] | EncodingFailed]:
        return [self._chunks(context, own) for context, own in zip(contexts, texts, strict=True)]

    def _chunks(self, context: Context, texts: Sequence[str]) -> list[Encoded] | EncodingFailed:
        self.encoded.append(context.text)
        if "unspeakable" in context.text:
            return EncodingFailed("it is unspeakable")
        around = self._counts(context.text)
        parts = [self._counts(context.text[start:stop]) for start, stop in context.spans]
        return [
            replace(self.encode_query(text), dense=[one + all_ / 10 for one, all_ in zip(part, around, strict=True)])
            for part, text in zip(parts, texts, strict=True)
        ]

    def _counts(self, text: str) -> list[float]:
        return [text.lower().split().count(topic) + 0.1 for topic in TOPICS]

    def _read(self, text: str) -> Encoded:
        return replace(self.encode_query(text), truncated=len(text.split()) > ROOM)

    def encode_query(self, text: str) -> Encoded:
        words = text.lower().split()
        return Encoded(dense=self._counts(text), sparse={word: float(words.count(word)) for word in words})

    def token_spans(self, texts: Sequence[str]) -> Measured:
        """A word is a token; the models read eight."""
        return Measured([[match.span() for match in re.finditer(r"\S+", text)] for text in texts], ROOM)

    def rank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        asked = set(query.lower().split())
        return [len(asked & set(passage.lower().split())) / len(asked) for passage in passages]


@pytest.fixture
def encoder() -> CountingEncoder:
    return CountingEncoder()


@pytest.fixture
def new_encoder() -> Callable[..., CountingEncoder]:
    return CountingEncoder


@pytest.fixture(scope="session")
def cluster(opensearch: Any) -> OpenSearchCluster:
    """A bare OpenSearch: no k-NN, no ML."""
    return OpenSearchCluster(opensearch.url)


@pytest.fixture(params=["opensearch", "elasticsearch_full"])
def either(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """One after the other: a bare OpenSearch, and an Elasticsearch with painless."""
    with closing(connect(request.getfixturevalue(request.param).url)) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def ml_cluster(opensearch_ml: Any) -> OpenSearchCluster:
    """An OpenSearch with k-NN, neural-search and ML Commons."""
    cluster = OpenSearchCluster(opensearch_ml.url)
    # A small node's heap is soon fuller than the 85 % above which models are refused.
    heap = {"persistent": {"plugins.ml_commons.jvm_heap_memory_threshold": 100}}
    cluster.write("PUT", "/_cluster/settings", heap)
    return cluster


@pytest.fixture(scope="session")
def models(sidecar: Any) -> Iterator[SidecarClient]:
    """The real sidecar, as what connectors encode with."""
    with SidecarClient(sidecar.url) as client:
        yield client


@pytest.fixture
def spec(cluster: OpenSearchCluster) -> Iterator[IndexSpec]:
    """An index of its own for one test."""
    name = f"test-{uuid4().hex[:12]}"
    yield IndexSpec(name, ("title", "body"), COUNTING, DenseField(len(TOPICS)), SparseField(), id_field="id")
    cluster.write("DELETE", f"/{name}?ignore_unavailable=true")
