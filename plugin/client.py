"""A sidecar over HTTP, as something that connectors can encode with."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import httpx

from outrider.connectors import Context, Encoded, EncodingFailed, Measured, ModelIdentity, Models

from .errors import SidecarRefused
from .late import joined
from .link import PASSING, Link, TooMuch, lateness
from .pieces import groups

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class SidecarClient:
    """Implements the connectors' Encoder; safe for several threads.

    What is busy, restarting or unreachable is asked again for `patience_s`; then EncoderUnavailable says what was seen.
    `timeout_s` is how long one request may take, waiting in the sidecar's queue included. A `deadline_s`, a moment on
    the clock of time.monotonic(), ends all of it, with EncoderLate where the sidecar was there but slow. `only` names
    the model of a kind by name or alias, or None to leave the kind out; where it says nothing, the first one served is
    used, one with a fingerprint of `first` before the others.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        patience_s: float = 60.0,
        timeout_s: float = 180.0,
        texts_per_request: int = 256,
        only: Mapping[str, str | None] | None = None,
        first: Collection[str] = (),
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._link = Link(url, api_key=api_key, patience_s=patience_s, timeout_s=timeout_s, transport=transport)
        self.url = self._link.url
        self._only = only or {}
        self._first = frozenset(first)
        self._models: Models | None = None
        self._texts_per_request = texts_per_request

    def __enter__(self) -> "SidecarClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._link.close()

    @property
    def models(self) -> Models:
        """The first model of each kind that is served, or the one that was named; waits until all are loaded."""
        return self.served()

    def served(self, deadline_s: float = math.inf) -> Models:
        """As `models`, asked for once."""
        if self._models is None:
            self._models = self._read_models(deadline_s)
        return self._models

    def _read_models(self, deadline_s: float) -> Models:
        self._link.ask("GET", "/ready", deadline_s=deadline_s)
        first: dict[str, Mapping[str, Any]] = {}
        served = self._link.ask("GET", "/v1/models", deadline_s=deadline_s)["data"]
        ready = [model for model in served if model["state"] == "ready"]
        for model in sorted(ready, key=lambda model: model["fingerprint"] not in self._first):
            if model["kind"] not in self._only or self._only[model["kind"]] in (model["id"], *model["aliases"]):
                first.setdefault(model["kind"], model)
        missing = [f"{kind} model {name!r}" for kind, name in self._only.items() if name and kind not in first]
        if missing:
            raise SidecarRefused(
                f"the sidecar {self.url} serves no {' and no '.join(missing)}; add it to its models, or load it"
            )
        dense = first.get("dense")
        return Models(
            dense=_identity(dense),
            sparse=_identity(first.get("sparse")),
            rerank=_identity(first.get("rerank")),
            dimension=dense["dimension"] if dense else None,
        )

    def encode_document(self, texts: Sequence[str]) -> list[Encoded | EncodingFailed]:
        """One result a text, in order, by the dense and the sparse model at once.

        What a slow sidecar has no time for at once is sent in smaller parts, down to single texts.
        """
        models = self._encoding_models()
        return self._in_parts(
            texts, lambda part, more: self._encode("/encode_document", part, models, is_divisible=more)
        )

    def encode_chunks(
        self, contexts: Sequence[Context], texts: Sequence[Sequence[str]]
    ) -> list[list[Encoded] | EncodingFailed]:
        """For each context, one result a span: dense from the context, sparse from the span's own text."""
        served = self.served()
        dense, sparse = served.dense, served.sparse
        flat = [text for each in texts for text in each]
        vectors: list[Any] | None = None
        terms: list[Encoded | EncodingFailed] | None = None
        if dense:
            vectors = self._in_parts(contexts, lambda part, more: self._late_vectors(dense, part, more))
        if sparse:
            encode = partial(self._encode, "/encode_document")
            terms = self._in_parts(flat, lambda part, more: encode(part, [sparse], is_divisible=more))
        return joined([len(each) for each in texts], vectors, terms)

    def encode_query(self, text: str, *, deadline_s: float = math.inf) -> Encoded:
        """The query by the dense and the sparse model at once. Raises SidecarRefused for a text that is none."""
        (result,) = self._encode("/encode_query", [text], self._encoding_models(deadline_s), deadline_s)
        if isinstance(result, EncodingFailed):
            raise SidecarRefused(f"the query {text[:60]!a} cannot be encoded: {result.reason}", 422)
        return result

    def token_spans(self, texts: Sequence[str]) -> Measured:
        """Where each token stands, by the dense model if there is one. Texts must be valid Unicode."""
        models = self._encoding_models()
        body = {"models": [model.name for model in models]}
        spans: list[list[tuple[int, int]]] = [[] for _ in texts]
        room = 1
        for group in groups(texts, self._texts_per_request):
            reply = self._link.ask("POST", "/token_spans", {**body, "texts": [part for _, _, part in group]})
            self._check_unchanged(reply, models[0])
            room = reply["room"]
            for (place, start, _), flat in zip(group, reply["spans"], strict=True):
                ends = iter(flat)
                spans[place] += [(start + first, start + stop) for first, stop in zip(ends, ends, strict=True)]
        return Measured(spans, room)

    def rank(self, query: str, passages: Sequence[str], *, deadline_s: float = math.inf) -> list[float]:
        """One score a passage, in order; higher is more relevant."""
        if not passages:
            return []
        body: dict[str, Any] = {"query": _valid(query), "documents": [_valid(passage) for passage in passages]}
        if named := self._reranker(deadline_s):
            body["model"] = named
        reply = self._link.ask("POST", "/rank", body, deadline_s)
        if not reply["complete"]:
            raise lateness(deadline_s)(f"the sidecar {self.url} could not score {len(passages)} passages in time")
        scores = {each["index"]: float(each["score"]) for each in reply["results"]}
        return [scores[index] for index in range(len(passages))]

    def _reranker(self, deadline_s: float) -> str | None:
        """The reranker by name, where one was asked for; else the sidecar's own first one."""
        if not self._first:
            return self._only.get("rerank")
        served = self.served(deadline_s).rerank
        return served.name if served else None

    def load(self, model: str) -> dict[str, Any]:
        """Let the sidecar load or replace a model of its settings; gives what it says of it. Raises SidecarRefused."""
        facts: dict[str, Any] = self._link.ask("POST", "/models/load", {"model": model})
        return facts

    def _encoding_models(self, deadline_s: float = math.inf) -> list[ModelIdentity]:
        served = self.served(deadline_s)
        models = [model for model in (served.dense, served.sparse) if model]
        if not models:
            raise SidecarRefused(f"the sidecar {self.url} serves neither a dense nor a sparse model; start it with one")
        return models

    def _in_parts(
        self, given: Sequence[Given], ask: Callable[[Sequence[Given], bool], Sequence[Answer]]
    ) -> list[Answer]:
        """One answer each, in order; `ask` is told whether there may be less, and raises TooMuch where there must."""
        answers: list[Answer] = []
        size = self._texts_per_request
        while len(answers) < len(given):
            part = given[len(answers) : len(answers) + size]
            try:
                answers += ask(part, len(part) > 1)
                size = min(2 * size, self._texts_per_request)
            except TooMuch:
                size = len(part) // 2
        return answers

    def _late_vectors(self, model: ModelIdentity, contexts: Sequence[Context], is_divisible: bool) -> list[Any]:
        """(vectors of the spans, whether the context was cut) for each context, or why there are none."""
        failed = {place: reason for place, each in enumerate(contexts) if (reason := _invalid(each.text))}
        taken = [{"text": each.text, "spans": each.spans} for place, each in enumerate(contexts) if place not in failed]
        body = {"model": model.name, "texts": taken}
        reply = self._link.ask("POST", "/encode_chunks", body, is_divisible=is_divisible)
        self._check_unchanged(reply, model)
        refused, cut = self._refused(reply, math.inf, is_divisible), set(reply["truncated"])
        given = iter(
            EncodingFailed(refused[place]) if place in refused else (vectors, place in cut)
            for place, vectors in enumerate(reply["embeddings"])
        )
        return [EncodingFailed(failed[place]) if place in failed else next(given) for place in range(len(contexts))]

    def _refused(self, reply: Mapping[str, Any], deadline_s: float, is_divisible: bool) -> dict[int, str]:
        """The texts that cannot be encoded, and why. Raises where one only came too late."""
        refused = {}
        for error in reply["errors"]:
            if error["status"] in PASSING:
                if is_divisible:
                    raise TooMuch
                slow = f"the sidecar {self.url} was too slow for a text: {error['message']}"
                raise lateness(deadline_s)(slow)
            refused[error["index"]] = error["message"]
        return refused

    def _encode(
        self,
        path: str,
        texts: Sequence[str],
        models: Sequence[ModelIdentity],
        deadline_s: float = math.inf,
        *,
        is_divisible: bool = False,
    ) -> list[Encoded | EncodingFailed]:
        failed = {place: reason for place, text in enumerate(texts) if (reason := _invalid(text))}
        sent = ["" if place in failed else text for place, text in enumerate(texts)]
        body = {"texts": sent, "models": [model.name for model in models]}
        replies = self._link.ask("POST", path, body, deadline_s, is_divisible=is_divisible)["results"]
        for reply, model in zip(replies, models, strict=True):
            self._check_unchanged(reply, model)
            failed = {**self._refused(reply, deadline_s, is_divisible), **failed}
        rows = {reply["kind"]: reply["embeddings"] for reply in replies}
        cut = {place for reply in replies for place in reply["truncated"]}
        return [
            EncodingFailed(failed[place])
            if place in failed
            else Encoded(**{kind: embeddings[place] for kind, embeddings in rows.items()}, truncated=place in cut)
            for place in range(len(texts))
        ]

    def _check_unchanged(self, reply: Mapping[str, Any], model: ModelIdentity) -> None:
        """Vectors of two models never go into one index."""
        if reply["fingerprint"] != model.fingerprint:
            raise SidecarRefused(
                f"the sidecar {self.url} now encodes with {reply['model']} {reply['fingerprint']}, it was {model} when "
                "this began; serve that model again, or begin anew"
            )


def _identity(model: Mapping[str, Any] | None) -> ModelIdentity | None:
    return ModelIdentity(model["name"], model["fingerprint"]) if model else None


def _invalid(text: str) -> str:
    """Why the text cannot be sent; empty if it can."""
    try:
        text.encode()
    except UnicodeEncodeError as err:
        return f"the text has a lone surrogate {text[err.start]!a} at character {err.start}"
    return ""


def _valid(text: str) -> str:
    """The text with what cannot be sent replaced: a passage is to be scored, not to be refused."""
    return text.encode("utf-8", "replace").decode() if _invalid(text) else text
