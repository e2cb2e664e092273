"""The sidecar's own models, as something that connectors can encode with, from a thread beside the event loop."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from outrider.connectors import Encoded, EncodingFailed, Measured, ModelIdentity, Models

from .served import KINDS, Kind
from .sidecar import Sidecar
from .work import Failed

Result = TypeVar("Result")


class OwnEncoder:
    """Implements the connectors' Encoder for one request; its texts wait in the same queues as everybody's.

    Methods block, so they are for threads; what they raise is a ServiceError. Construction raises NotReady while models
    load.
    """

    def __init__(self, sidecar: Sidecar, loop: asyncio.AbstractEventLoop, deadline_s: float) -> None:
        self._sidecar = sidecar
        self._loop = loop
        self._deadline_s = deadline_s
        self._first = sidecar.registry.firsts()

    @property
    def models(self) -> Models:
        """The first served model of each kind."""
        identities = {str(kind): ModelIdentity(served.name, served.fingerprint) for kind, served in self._first.items()}
        dense = self._first.get("dense")
        return Models(**identities, dimension=dense.model.dimension if dense else None)

    def encode_document(self, texts: Sequence[str]) -> list[Encoded | EncodingFailed]:
        """One result a text, in order."""
        rows = {kind: self._rows(kind, texts, "document") for kind in self._encoding}
        return [_encoded({kind: each[place] for kind, each in rows.items()}) for place in range(len(texts))]

    def encode_query(self, text: str) -> Encoded:
        """The query by the dense and the sparse model."""
        rows = {kind: self._rows(kind, [text], "query")[0] for kind in self._encoding}
        result = _encoded(rows)
        if isinstance(result, EncodingFailed):
            raise ValueError(f"the query {text[:60]!a} cannot be encoded: {result.reason}")
        return result

    def token_spans(self, texts: Sequence[str]) -> Measured:
        """Where each token stands, by the dense model if there is one."""
        models = [self._first[kind].model for kind in self._encoding]
        if not models:
            raise ValueError("neither a dense nor a sparse model is served whose tokens could be counted")
        return Measured([models[0].token_spans(text) for text in texts], min(model.room for model in models))

    def rank(self, query: str, passages: Sequence[str]) -> list[float]:
        """One score a passage, in order; higher is more relevant."""
        if not passages:
            return []
        return [float(score) for score in self._wait(self._sidecar.rank(None, query, passages, self._deadline_s)).rows]

    @property
    def _encoding(self) -> list[Kind]:
        return [kind for kind in KINDS if kind in self._first and kind != "rerank"]

    def _rows(self, kind: Any, texts: Sequence[str], task: Any) -> list[Any]:
        return self._wait(self._sidecar.encode(None, (kind,), texts, task, self._deadline_s)).outcomes

    def _wait(self, asked: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()


def _encoded(outcomes: Mapping[Any, Any]) -> Encoded | EncodingFailed:
    failed = next((each for each in outcomes.values() if isinstance(each, Failed)), None)
    if failed is not None:
        return EncodingFailed(str(failed.error))
    rows = {kind: each.row for kind, each in outcomes.items()}
    vectors = {kind: row.to_dict() if kind == "sparse" else row.tolist() for kind, row in rows.items()}
    return Encoded(**vectors, truncated=any(each.truncated for each in outcomes.values()))
