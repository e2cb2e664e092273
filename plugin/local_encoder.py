"""Models in this process, as something that connectors can encode with: no HTTP, no queue."""

from collections.abc import Mapping, Sequence
from typing import Any

from outrider.connectors import Context, Encoded, EncodingFailed, Measured, ModelIdentity, Models
from outrider.encoders import (
    DEFAULT_DENSE,
    DEFAULT_RERANKER,
    DEFAULT_SPARSE,
    ChunkedText,
    EncodedText,
    Model,
    RefusedText,
    open_model,
)

from .late import joined


class LocalEncoder:
    """Implements the connectors' Encoder; the models load on construction. None leaves a kind out."""

    def __init__(
        self,
        dense: str | None = DEFAULT_DENSE,
        sparse: str | None = DEFAULT_SPARSE,
        rerank: str | None = DEFAULT_RERANKER,
    ) -> None:
        self._models: dict[str, Model] = {
            kind: open_model(name)
            for kind, name in (("dense", dense), ("sparse", sparse), ("rerank", rerank))
            if name is not None
        }

    @property
    def models(self) -> Models:
        """The models by kind."""
        identities = {kind: ModelIdentity(model.name, model.fingerprint) for kind, model in self._models.items()}
        dense = self._models.get("dense")
        return Models(**identities, dimension=dense.dimension if dense else None)

    def encode_document(self, texts: Sequence[str]) -> list[Encoded | EncodingFailed]:
        """One result a text, in order."""
        return self._encode(texts, "document")

    def encode_chunks(
        self, contexts: Sequence[Context], texts: Sequence[Sequence[str]]
    ) -> list[list[Encoded] | EncodingFailed]:
        """For each context, one result a span: dense from the context, sparse from the span's own text."""
        dense, sparse = self._models.get("dense"), self._models.get("sparse")
        if dense:
            dense.check_late_chunks()
        chunked = [ChunkedText(context.text, context.spans) for context in contexts]
        vectors = [_vectors(each) for each in dense.encode_each(chunked, "document")] if dense else None
        flat = [text for each in texts for text in each]
        terms = [_result({"sparse": each}) for each in sparse.encode_each(flat, "document")] if sparse else None
        return joined([len(each) for each in texts], vectors, terms)

    def encode_query(self, text: str) -> Encoded:
        """The query by each model. Raises ValueError for a text that is none."""
        (result,) = self._encode([text], "query")
        if isinstance(result, EncodingFailed):
            raise ValueError(f"the query {text[:60]!a} cannot be encoded: {result.reason}")
        return result

    def token_spans(self, texts: Sequence[str]) -> Measured:
        """Where each token stands, by the dense model if there is one."""
        models = [self._models[kind] for kind in ("dense", "sparse") if kind in self._models]
        if not models:
            raise ValueError("there is neither a dense nor a sparse model here whose tokens could be counted")
        return Measured([models[0].token_spans(text) for text in texts], min(model.room for model in models))

    def rank(self, query: str, passages: Sequence[str]) -> list[float]:
        """One score a passage, in order; higher is more relevant."""
        return [float(score) for score in self._models["rerank"].rank(query, passages)]

    def _encode(self, texts: Sequence[str], task: str) -> list[Encoded | EncodingFailed]:
        made = {kind: model.encode_each(texts, task) for kind, model in self._models.items() if kind != "rerank"}
        return [_result({kind: each[place] for kind, each in made.items()}) for place in range(len(texts))]


def _vectors(made: EncodedText | RefusedText) -> tuple[Any, bool] | EncodingFailed:
    return EncodingFailed(made.reason) if isinstance(made, RefusedText) else (made.row.tolist(), made.truncated)


def _result(made: Mapping[str, EncodedText | RefusedText]) -> Encoded | EncodingFailed:
    encoded: dict[str, EncodedText] = {}
    for kind, each in made.items():
        if isinstance(each, RefusedText):
            return EncodingFailed(each.reason)
        encoded[kind] = each
    rows = {kind: each.row.to_dict() if kind == "sparse" else each.row.tolist() for kind, each in encoded.items()}
    return Encoded(**rows, truncated=any(each.truncated for each in encoded.values()))
