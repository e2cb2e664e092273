"""The service behind the routes: texts and model names in, one outcome a text out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import truncations
from .errors import BodyTooLarge
from .keys import KeyRing
from .metrics import Metrics
from .query_cache import Key, QueryCache
from .registry import Registry
from .served import Kind, Served, Task
from .settings import Limits, Settings
from .tracing import model_span
from .work import Failed, Outcome, Priority


@dataclass(frozen=True, slots=True)
class Encoding:
    """What one model made of the texts of a request, in their order."""

    served: Served
    outcomes: list[Outcome]

    @property
    def rows(self) -> list[Any]:
        """The rows, where every text has one. Raises the error of the first that has none."""
        rows = []
        for place, outcome in enumerate(self.outcomes):
            if isinstance(outcome, Failed):
                raise outcome.error.at(place)
            rows.append(outcome.row)
        return rows

    def refuse_truncated(self) -> None:
        """For callers who would rather have no vector than one of half a text. Raises BodyTooLarge."""
        for place, outcome in enumerate(self.outcomes):
            if not isinstance(outcome, Failed) and outcome.truncated:
                limit = self.served.model.max_tokens
                raise BodyTooLarge(f"text {place} has more than {limit} tokens, and the request forbids to cut it")

    @property
    def tokens(self) -> int:
        """Tokens of the texts that have a row."""
        return sum(outcome.tokens for outcome in self.outcomes if not isinstance(outcome, Failed))


class Sidecar:
    """Everything that a route may ask for."""

    def __init__(self, settings: Settings, registry: Registry, metrics: Metrics) -> None:
        self.settings = settings
        self.registry = registry
        self.metrics = metrics
        self.keys = KeyRing(settings.api_keys, settings.host)
        self._cache = QueryCache(settings.query_cache)

    async def apply(self, settings: Settings) -> None:
        """Take the keys and models of these settings; whatever else they change waits for the next start."""
        self.keys = KeyRing(settings.api_keys, self.settings.host)
        await self.registry.serve(settings.models)

    async def encode(
        self,
        model: str | None,
        kinds: Sequence[Kind],
        texts: Sequence[str],
        task: Task | None,
        deadline_s: float,
    ) -> Encoding:
        """Encode these texts as queries or documents; a model alias with a task wins over `task`.

        Where nobody says which, texts are documents, and a single one is answered with the haste of a query.
        """
        served, alias_task = self.registry.find(model, kinds)
        task = alias_task or task
        self.check(texts)
        is_hasty = task == "query" or (task is None and len(texts) == 1)
        priority = Priority.INTERACTIVE if is_hasty else Priority.BULK
        task = task or "document"
        key = (served.fingerprint, served.model.executor, texts[0]) if task == "query" and len(texts) == 1 else None
        if key is not None and (found := self._find(served, key)):
            truncations.count([found])
            return Encoding(served, [found])
        outcomes = await self._run(served, texts, task, priority, deadline_s)
        if key is not None and not isinstance(outcomes[0], Failed) and self.settings.query_cache:
            self._cache.keep(key, outcomes[0])
        return Encoding(served, outcomes)

    async def rank(self, model: str | None, query: str, documents: Sequence[str], deadline_s: float) -> Encoding:
        """Score each document for the query, in the order given."""
        return await self.score(model, [(query, document) for document in documents], deadline_s)

    async def score(self, model: str | None, inputs: Sequence[str | tuple[str, str]], deadline_s: float) -> Encoding:
        """Score each pair, or single text, in the order given."""
        served, _ = self.registry.find(model, ("rerank",))
        self.check([given if isinstance(given, str) else max(given, key=len) for given in inputs])
        outcomes = await self._run(served, inputs, "query", Priority.INTERACTIVE, deadline_s, takes_part=True)
        return Encoding(served, outcomes)

    async def _run(
        self,
        served: Served,
        inputs: Sequence[Any],
        task: str,
        priority: Priority,
        deadline_s: float,
        *,
        takes_part: bool = False,
    ) -> list[Outcome]:
        started_s = time.perf_counter()
        with model_span(served.name, served.kind, priority, len(inputs)):
            outcomes = await served.scheduler.encode(inputs, task, priority, deadline_s, takes_part=takes_part)
        served.metrics.answered(priority, time.perf_counter() - started_s)
        truncations.count(outcomes)
        return outcomes

    def _find(self, served: Served, key: Key) -> Outcome | None:
        if not self.settings.query_cache:
            return None
        found = self._cache.find(key)
        served.metrics.looked_up(is_hit=found is not None)
        return found

    def check(self, texts: Sequence[str]) -> None:
        """Raises BodyTooLarge for too many texts, or one that is too long."""
        limits = self.settings.limits
        if len(texts) > limits.texts:
            raise BodyTooLarge(
                f"{len(texts)} texts in one request, the limit is {limits.texts} (limits.texts); send fewer at a time"
            )
        for place, text in enumerate(texts):
            if len(text) > limits.text_chars:
                raise BodyTooLarge(text_too_long(f"text {place}", text, limits))


def text_too_long(where: str, text: str, limits: Limits) -> str:
    """Why a text is refused for its length."""
    return f"{where} has {len(text)} characters, the limit is {limits.text_chars} (limits.text_chars)"
