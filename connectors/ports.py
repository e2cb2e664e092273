"""What connectors need from outside: something that encodes and ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """A model by name and fingerprint; two models with the same fingerprint give the same vectors."""

    name: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.name} ({self.fingerprint})"


@dataclass(frozen=True, slots=True)
class Models:
    """The models behind an encoder; None where it has none of that kind."""

    dense: ModelIdentity | None = None
    sparse: ModelIdentity | None = None
    rerank: ModelIdentity | None = None
    dimension: int | None = None


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text as vectors: what the encoder has models for. `truncated` where a model read only its beginning."""

    dense: Sequence[float] | None = None
    sparse: Mapping[str, float] | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """Texts in tokens: the place of each token of each text, and how many of a document's tokens the models read."""

    spans: Sequence[Sequence[tuple[int, int]]]
    room: int


@dataclass(frozen=True, slots=True)
class Context:
    """A text that a model reads at once, and ranges of it in characters: each gets a vector of its own tokens."""

    text: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class EncodingFailed:
    """This one text cannot be encoded; the others of the batch can."""

    reason: str


class Encoder(Protocol):
    """Something that encodes: a sidecar over HTTP, or models in this process.

    Every method raises EncoderUnavailable when asking again later may help.
    """

    @property
    def models(self) -> Models: ...

    def encode_document(self, texts: Sequence[str]) -> Sequence[Encoded | EncodingFailed]:
        """One result a text, in order."""
        ...

    def encode_query(self, text: str) -> Encoded: ...

    def rank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        """One score a passage, in order; higher is more relevant."""
        ...


@runtime_checkable
class Measure(Protocol):
    """Something that knows its models' tokens: an encoder that texts can be cut into chunks for."""

    def token_spans(self, texts: Sequence[str]) -> Measured:
        """The tokens of the dense model, else of the sparse one; the room of whichever reads less."""
        ...


@runtime_checkable
class LateEncoder(Protocol):
    """An encoder whose dense model makes vectors of parts of a text that it has read as a whole."""

    def encode_chunks(
        self, contexts: Sequence[Context], texts: Sequence[Sequence[str]]
    ) -> Sequence[Sequence[Encoded] | EncodingFailed]:
        """For each context, one result a span: dense from the context, sparse from the span's own text in `texts`."""
        ...
