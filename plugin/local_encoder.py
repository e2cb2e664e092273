"""Models in this process, as something that connectors can encode with: no HTTP, no queue."""

from collections.abc import Sequence
from typing import Any

from outrider.connectors import Encoded, EncodingFailed, Measured, ModelIdentity, Models
from outrider.encoders import DEFAULT_DENSE, DEFAULT_RERANKER, DEFAULT_SPARSE, Model, RefusedText, open_model


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
        rows = {kind: _rows(model, texts, task) for kind, model in self._models.items() if kind != "rerank"}
        return [_result({kind: each[place] for kind, each in rows.items()}) for place in range(len(texts))]


def _rows(model: Model, texts: Sequence[str], task: str) -> list[Any]:
    """One (row, truncated) or RefusedText a text, in order."""
    tokenized = model.tokenize(texts, task)
    accepted = [text for text, taken in zip(texts, tokenized, strict=True) if not isinstance(taken, RefusedText)]
    rows = iter(model.encode_query(accepted) if task == "query" else model.encode_document(accepted))
    return [taken if isinstance(taken, RefusedText) else (next(rows), taken.truncated) for taken in tokenized]


def _result(row: dict[str, Any]) -> Encoded | EncodingFailed:
    refused = next((each for each in row.values() if isinstance(each, RefusedText)), None)
    if refused is not None:
        return EncodingFailed(refused.reason)
    vectors = {kind: each.to_dict() if kind == "sparse" else each.tolist() for kind, (each, _) in row.items()}
    return Encoded(**vectors, truncated=any(cut for _, cut in row.values()))
