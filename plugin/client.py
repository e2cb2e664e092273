"""A sidecar over HTTP, as something that connectors can encode with."""

import math
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import httpx
import orjson
import tenacity

from outrider.connectors import (
    Context,
    Encoded,
    EncoderLate,
    EncoderUnavailable,
    EncodingFailed,
    Measured,
    ModelIdentity,
    Models,
)

from .errors import SidecarRefused
from .late import joined

Given = TypeVar("Given")
Answer = TypeVar("Answer")

# Statuses after which the same request may well succeed: too busy, restarting, too late.
_PASSING = frozenset({429, 502, 503, 504})
_LATE = 504
_SHORTEST_S = 0.005
_LONGEST_PART = 200_000


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
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, headers=headers, transport=transport)
        self._patience_s = patience_s
        self._timeout_s = timeout_s
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
        self._http.close()

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
        self._ask("GET", "/ready", deadline_s=deadline_s)
        first: dict[str, Mapping[str, Any]] = {}
        served = self._ask("GET", "/v1/models", deadline_s=deadline_s)["data"]
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
        for group in _groups(texts, self._texts_per_request):
            reply = self._ask("POST", "/token_spans", {**body, "texts": [part for _, _, part in group]})
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
        reply = self._ask("POST", "/rank", body, deadline_s)
        if not reply["complete"]:
            raise self._late(deadline_s)(f"the sidecar {self.url} could not score {len(passages)} passages in time")
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
        facts: dict[str, Any] = self._ask("POST", "/models/load", {"model": model})
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
        """One answer each, in order; `ask` is told whether there may be less, and raises _TooMuch where there must."""
        answers: list[Answer] = []
        size = self._texts_per_request
        while len(answers) < len(given):
            part = given[len(answers) : len(answers) + size]
            try:
                answers += ask(part, len(part) > 1)
                size = min(2 * size, self._texts_per_request)
            except _TooMuch:
                size = len(part) // 2
        return answers

    def _late_vectors(self, model: ModelIdentity, contexts: Sequence[Context], is_divisible: bool) -> list[Any]:
        """(vectors of the spans, whether the context was cut) for each context, or why there are none."""
        failed = {place: reason for place, each in enumerate(contexts) if (reason := _invalid(each.text))}
        taken = [{"text": each.text, "spans": each.spans} for place, each in enumerate(contexts) if place not in failed]
        body = {"model": model.name, "texts": taken}
        reply = self._ask("POST", "/encode_chunks", body, is_divisible=is_divisible)
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
            if error["status"] in _PASSING:
                if is_divisible:
                    raise _TooMuch
                slow = f"the sidecar {self.url} was too slow for a text: {error['message']}"
                raise self._late(deadline_s)(slow)
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
        replies = self._ask("POST", path, body, deadline_s, is_divisible=is_divisible)["results"]
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

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        deadline_s: float = math.inf,
        *,
        is_divisible: bool = False,
    ) -> Any:
        started_s = time.monotonic()
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda err: _is_worth_another_try(err, is_divisible)),
            wait=_wait,
            stop=tenacity.stop_after_delay(self._patience_s) | tenacity.stop_before_delay(deadline_s - started_s),
            reraise=True,
        )
        content = None if body is None else orjson.dumps(body)
        try:
            return retrying(self._ask_once, method, path, content, deadline_s)
        except _Passing as err:
            if is_divisible and err.is_late:
                raise _TooMuch from err
            kind = self._late(deadline_s) if err.is_late else EncoderUnavailable
            took = "by the deadline" if kind is EncoderLate else f"in {time.monotonic() - started_s:.2g} s"
            raise kind(
                f"the sidecar {self.url} did not answer {path} {took}: {err}; "
                "check that `outrider serve` runs there and has room"
            ) from err

    def _ask_once(self, method: str, path: str, content: bytes | None, deadline_s: float) -> Any:
        left_s = min(self._timeout_s, deadline_s - time.monotonic())
        if left_s < _SHORTEST_S:
            raise _Passing("no time was left to ask", is_late=True)
        # The sidecar gives up a little before we do, so that its answer says why.
        headers = {"Outrider-Timeout": f"{0.9 * left_s:g}"}
        try:
            reply = self._http.request(method, path, content=content, headers=headers, timeout=left_s)
        except httpx.TransportError as err:
            is_late = isinstance(err, httpx.ReadTimeout)
            raise _Passing(f"{type(err).__name__}: {err}", is_late=is_late) from err
        if reply.status_code in _PASSING:
            is_late = reply.status_code == _LATE
            raise _Passing(f"{reply.status_code} {_message(reply)}", _retry_after(reply), is_late=is_late)
        if reply.is_error:
            raise SidecarRefused(
                f"the sidecar {self.url} answered {path} with {reply.status_code}: {_message(reply)}", reply.status_code
            )
        return orjson.loads(reply.content)

    def _late(self, deadline_s: float) -> type[EncoderUnavailable]:
        """Without a deadline, whoever is too slow for a whole timeout is as good as away."""
        return EncoderUnavailable if deadline_s == math.inf else EncoderLate


class _Passing(Exception):
    """Worth another try."""

    def __init__(self, message: str, retry_after_s: float = 0.0, *, is_late: bool = False) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.is_late = is_late


class _TooMuch(Exception):
    """More texts than there was time for; fewer may be in time."""


def _is_worth_another_try(err: BaseException, is_divisible: bool) -> bool:
    """What comes too late is not sent again as it is where less can be sent."""
    return isinstance(err, _Passing) and not (is_divisible and err.is_late)


def _wait(state: tenacity.RetryCallState) -> float:
    """What the sidecar asks for, or longer and longer, never all clients at once."""
    err = state.outcome.exception() if state.outcome else None
    stated_s = err.retry_after_s if isinstance(err, _Passing) else 0.0
    growing_s = min(0.1 * 2 ** (state.attempt_number - 1), 5.0)
    wait_s: float = max(stated_s, growing_s) * random.uniform(0.8, 1.2)
    return wait_s


def _retry_after(reply: httpx.Response) -> float:
    stated = reply.headers.get("retry-after", "")
    return float(stated) if stated.isdigit() else 0.0


def _message(reply: httpx.Response) -> str:
    try:
        error = orjson.loads(reply.content)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return reply.text[:200]


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


def _groups(texts: Sequence[str], most: int) -> Iterator[list[tuple[int, int, str]]]:
    """Texts in requests of bounded size, long ones in several parts: (place of the text, start in it, part)."""
    group: list[tuple[int, int, str]] = []
    chars = 0
    for place, text in enumerate(texts):
        for start, part in _parts(text):
            if group and (len(group) == most or chars + len(part) > _LONGEST_PART):
                yield group
                group, chars = [], 0
            group.append((place, start, part))
            chars += len(part)
    if group:
        yield group


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """A text in parts that a request has room for, cut at white space where there is some; each with its start."""
    start = 0
    while len(text) - start > _LONGEST_PART:
        stop = max(text.rfind(" ", start, start + _LONGEST_PART), text.rfind("\n", start, start + _LONGEST_PART))
        stop = stop if stop > start else start + _LONGEST_PART
        yield start, text[start:stop]
        start = stop
    yield start, text[start:]
