"""The sidecar as the gateway needs it: its being away is noticed once, not waited for by every request."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from outrider.connectors import (
    BadSpec,
    Context,
    Deadlines,
    Dialect,
    Encoded,
    EncoderLate,
    EncoderUnavailable,
    EncodingFailed,
    Enriched,
    IndexSpec,
    Measured,
    ModelMismatch,
    Models,
    Prepared,
    Rejected,
    check_models,
    enrich,
)

from ..client import SidecarClient
from ..errors import SidecarRefused

Result = TypeVar("Result")
# Statuses that are about a text, not about the sidecar or us.
_OF_A_TEXT = (400, 413, 422)
# So many answers in a row that come too late are as good as none.
_LATE_IN_A_ROW = 5


class Guarded:
    """Implements the connectors' Encoder over one that may be away; for threads.

    After a failure nobody waits for it for `pause_s`: EncoderUnavailable comes at once. So it does where the sidecar
    still loads models, refuses us, is late again and again, or has begun to serve other models. What it serves is
    looked at again after the pause, and every `trust_s` anyway: models come and go while it runs.
    """

    def __init__(self, connect: Callable[[], SidecarClient], pause_s: float, trust_s: float = 10.0) -> None:
        self._connect = connect
        self._pause_s = pause_s
        self._trust_s = trust_s
        self._lock = threading.Lock()
        self._client: SidecarClient | None = None
        self._connected_s = 0.0
        self._closed_until_s = 0.0
        self._reason = ""
        self._late = 0

    @property
    def models(self) -> Models:
        """The models of the sidecar."""
        return self.served()

    def served(self, deadline_s: float = math.inf) -> Models:
        """As `models`. A `deadline_s` is a moment on the clock of time.monotonic(); EncoderLate comes then."""
        return self._ask(lambda client: client.served(deadline_s))

    def check(self, spec: IndexSpec, deadline_s: float = math.inf) -> None:
        """Raises EncoderUnavailable where the sidecar serves other models than the index was made with."""
        try:
            check_models(spec, self.served(deadline_s))
        except ModelMismatch as err:
            self._renew_after(self._pause_s)
            raise EncoderUnavailable(str(err)) from err

    def encode_document(self, texts: Sequence[str]) -> list[Encoded | EncodingFailed]:
        """One result a text, in order; a text that the sidecar refuses does not sink the others."""
        try:
            return self._ask(lambda client: client.encode_document(texts))
        except SidecarRefused as err:
            if len(texts) == 1:
                return [EncodingFailed(str(err))]
        middle = len(texts) // 2
        return [*self.encode_document(texts[:middle]), *self.encode_document(texts[middle:])]

    def encode_chunks(
        self, contexts: Sequence[Context], texts: Sequence[Sequence[str]]
    ) -> list[list[Encoded] | EncodingFailed]:
        """For each context, one result a span."""
        return self._ask(lambda client: client.encode_chunks(contexts, texts))

    def encode_query(self, text: str, *, deadline_s: float = math.inf) -> Encoded:
        """The query by each model. Raises SidecarRefused for a text that is none."""
        return self._ask(lambda client: client.encode_query(text, deadline_s=deadline_s))

    def token_spans(self, texts: Sequence[str]) -> Measured:
        """The tokens of texts, for those that are cut into chunks."""
        return self._ask(lambda client: client.token_spans(texts))

    def rank(self, query: str, passages: Sequence[str], *, deadline_s: float = math.inf) -> list[float]:
        """One score a passage, in order."""
        return self._ask(lambda client: client.rank(query, passages, deadline_s=deadline_s))

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _ask(self, ask: Callable[[SidecarClient], Result]) -> Result:
        self._renew_after(self._trust_s)
        client = self._open()
        try:
            result = ask(client)
            self._late = 0
            return result
        except EncoderLate as err:
            self._late += 1
            if self._late >= _LATE_IN_A_ROW:
                self._fail(str(err))
            raise
        except EncoderUnavailable as err:
            self._fail(str(err))
            raise
        except SidecarRefused as err:
            if err.status in _OF_A_TEXT:
                raise
            self._fail(str(err))
            raise EncoderUnavailable(str(err)) from err

    def _open(self) -> SidecarClient:
        with self._lock:
            if time.monotonic() < self._closed_until_s:
                raise EncoderUnavailable(self._reason)
            if self._client is None:
                self._client = self._connect()
                self._connected_s = time.monotonic()
            return self._client

    def _renew_after(self, seconds: float) -> None:
        """Connect anew next time, where the connection is older; requests under way finish with the old one."""
        with self._lock:
            if time.monotonic() > self._connected_s + seconds:
                self._client = None

    def _fail(self, reason: str) -> None:
        with self._lock:
            self._closed_until_s = time.monotonic() + self._pause_s
            self._reason = reason
            self._client = None
            self._late = 0


class Encoders:
    """The sidecar by the models that each index was made with: during a migration old and new are asked side by side.

    Each set of models is guarded by itself: one that is not served, or slow, is none of the others' business.
    """

    def __init__(self, connect: Callable[[IndexSpec], SidecarClient], pause_s: float) -> None:
        self._connect = connect
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._guarded: dict[tuple[object, ...], Guarded] = {}

    def of(self, spec: IndexSpec) -> Guarded:
        """The encoder for an index."""
        key = (spec.legs, *model_fingerprints(spec))
        with self._lock:
            if key not in self._guarded:
                self._guarded[key] = Guarded(lambda: self._connect(spec), self._pause_s)
            return self._guarded[key]

    def close(self) -> None:
        """Close the connections."""
        for each in self._guarded.values():
            each.close()


def model_fingerprints(spec: IndexSpec) -> list[str]:
    """Those of all models that a spec names."""
    models = (spec.models.dense, spec.models.sparse, spec.models.rerank)
    return [model.fingerprint for model in models if model]


def client_for(spec: IndexSpec, url: str, key: str | None, patience_s: float) -> SidecarClient:
    """A client that encodes by the models of an index, and by no others."""
    absent = [kind for kind, field in (("dense", spec.dense), ("sparse", spec.sparse)) if field is None]
    return SidecarClient(
        url,
        api_key=key,
        patience_s=patience_s,
        only=dict.fromkeys(absent) if len(absent) == 1 else {},
        first=model_fingerprints(spec),
    )


class InTime:
    """Implements the connectors' Encoder for one search that begins now, within the deadlines of its index."""

    def __init__(self, guarded: Guarded, deadlines: Deadlines) -> None:
        self._guarded = guarded
        self._encode_by_s = time.monotonic() + deadlines.encode_s
        self._rerank_s = deadlines.rerank_s

    @property
    def models(self) -> Models:
        """The models of the sidecar."""
        return self._guarded.served(self._encode_by_s)

    def check(self, spec: IndexSpec) -> None:
        """As that of Guarded."""
        self._guarded.check(spec, self._encode_by_s)

    def encode_document(self, texts: Sequence[str]) -> list[Encoded | EncodingFailed]:
        """As that of Guarded: searches encode none."""
        return self._guarded.encode_document(texts)

    def encode_query(self, text: str) -> Encoded:
        """The query by each model."""
        return self._guarded.encode_query(text, deadline_s=self._encode_by_s)

    def rank(self, query: str, passages: Sequence[str]) -> list[float]:
        """One score a passage, in order; its time begins with the call."""
        return self._guarded.rank(query, passages, deadline_s=time.monotonic() + self._rerank_s)


def encode(
    dialect: Dialect, encoder: Guarded, spec: IndexSpec, documents: Sequence[Prepared]
) -> list[Enriched | Rejected]:
    """The documents by the models that the index was made with. Raises EncoderUnavailable, also for other models."""
    encoder.check(spec)
    try:
        return enrich(dialect, spec, encoder, documents)
    except BadSpec as err:
        raise EncoderUnavailable(str(err)) from err
    except SidecarRefused as err:  # a text that cannot even be cut into chunks
        if len(documents) == 1:
            return [Rejected(documents[0], str(err))]
    middle = len(documents) // 2
    first, second = documents[:middle], documents[middle:]
    return [*encode(dialect, encoder, spec, first), *encode(dialect, encoder, spec, second)]
