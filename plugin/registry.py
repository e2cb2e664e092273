"""The served models by name: load, warm up with a real batch, swap, unload."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from outrider.encoders import EncoderError

from .aside import aside
from .backlog import first_pace
from .batching import batch_of_first
from .errors import BadRequest, NotReady, UnknownModel, WrongKind
from .memory import resident_bytes, settle
from .metrics import Metrics
from .scheduler import Scheduler
from .served import TASKS, Kind, ServableModel, Served, Task, facts_so_far
from .settings import ModelSettings, Settings

Opener = Callable[[ModelSettings], ServableModel]

# What a model is timed with once it is warm: as long as passages often are.
_TEXTS = ("what a passage of common length says about some subject " * 6,) * 4

log = logging.getLogger(__name__)


class Registry:
    """Owns the served models. All methods run on the event loop; loading itself runs beside it."""

    def __init__(self, settings: Settings, metrics: Metrics, opener: Opener) -> None:
        self._models = settings.models
        self._limits = settings.queue
        self._metrics = metrics
        self._open = opener
        self._served: dict[str, Served] = {}
        self._names: dict[str, str] = {}
        self._loading: set[str] = set()
        self._changing = asyncio.Lock()
        self.is_ready = False

    @property
    def served(self) -> tuple[Served, ...]:
        """The loaded models, in the order of the settings where they are from there."""
        order = {model.served_name: place for place, model in enumerate(self._models)}
        return tuple(sorted(self._served.values(), key=lambda each: order.get(each.name, len(order))))

    @property
    def facts(self) -> list[dict[str, Any]]:
        """What `/info` says of every model of the settings, loaded or not, in their order, and of others still served.

        `state` is "ready", "loading" or "unloaded".
        """
        served = {each.name: each.facts() for each in self.served}
        known = {
            each.served_name: facts_so_far(each, is_loading=each.served_name in self._loading) for each in self._models
        }
        return list({**known, **served}.values())

    def firsts(self) -> dict[Kind, Served]:
        """The default of each kind. Raises NotReady while any may still come."""
        if not self.is_ready:
            raise NotReady("models are still loading", retry_after_s=1.0)
        return {each.kind: each for each in reversed(self.served)}

    async def load_all(self) -> None:
        """Load what is to be served from the start; ready when the last is warm. Raises the first failure."""
        names = [model.served_name for model in self._models if model.load == "start"]
        self._loading.update(names)
        try:
            for name in names:
                await self._load(self._configured(name))
            await asyncio.to_thread(settle)
        finally:
            self._loading.difference_update(names)
        self.is_ready = True

    async def serve(self, models: Sequence[ModelSettings]) -> None:
        """Serve these from now on: load afresh what they load at the start, then unload what is not among them.

        No request is dropped for it. Raises the first failure to load, and serves what it served until then.
        """
        before, self._models = self._models, tuple(models)
        try:
            await self.load_all()
        except EncoderError:
            self._models = before
            raise
        for name in self._served.keys() - {model.served_name for model in models}:
            await self.unload(name)

    async def load(self, name: str) -> Served:
        """Load the model that the settings have under this name; one that is loaded is replaced without a gap."""
        settings = self._configured(name)
        self._loading.add(settings.served_name)
        try:
            fresh = await self._load(settings)
            await asyncio.to_thread(settle)
        finally:
            self._loading.discard(settings.served_name)
        return fresh

    async def _load(self, settings: ModelSettings) -> Served:
        async with self._changing:
            started_s, before = time.perf_counter(), resident_bytes() or 0
            model, pace = await aside(lambda: self._open_warm(settings))
            grown = max(0, (resident_bytes() or 0) - before)
            fresh = self._serve(settings, model, pace, time.perf_counter() - started_s, grown)
            old = self._served.get(fresh.name)
            self._served[fresh.name] = fresh
            self._names.update(dict.fromkeys((fresh.name, *settings.aliases), fresh.name))
            log.info("%s (%s) is ready on %s after %.2f s", fresh.name, fresh.kind, model.executor, fresh.load_s)
            if old is not None:
                await self._retire(old)
        return fresh

    async def unload(self, name: str) -> None:
        """Stop serving it at once for new requests; those that wait are answered first."""
        await self._unload(name)
        await asyncio.to_thread(settle)

    async def _unload(self, name: str) -> None:
        async with self._changing:
            served = self._served.get(self._names.get(name, name))
            if served is None:
                raise UnknownModel(self._unknown(name))
            del self._served[served.name]
            self._names = {alias: target for alias, target in self._names.items() if target != served.name}
            await self._retire(served)
            served.metrics.forget()

    async def close(self) -> None:
        """Finish what waits and unload everything."""
        self.is_ready = False
        await asyncio.gather(*(self._retire(served) for served in self._served.values()))
        self._served.clear()

    def find(self, name: str | None, kinds: Sequence[Kind]) -> tuple[Served, Task | None]:
        """The model of this name, alias or `name:query` / `name:document`; without a name, the first of these kinds."""
        if not name:
            return self._default(kinds), None
        if name in self._names:
            return self._checked(self._served[self._names[name]], kinds), None
        base, _, suffix = name.rpartition(":")
        task = next((task for task in TASKS if task == suffix), None)
        if task and base in self._names:
            return self._checked(self._served[self._names[base]], kinds), task
        if not self.is_ready:
            raise NotReady(f"models are still loading, {name!r} may be one of them", retry_after_s=1.0)
        raise UnknownModel(self._unknown(name))

    def _default(self, kinds: Sequence[Kind]) -> Served:
        for served in self.served:
            if served.kind in kinds:
                return served
        if not self.is_ready:
            raise NotReady("models are still loading", retry_after_s=1.0)
        raise UnknownModel(f"no {' or '.join(kinds)} model is served; {self._serving()}")

    def _checked(self, served: Served, kinds: Sequence[Kind]) -> Served:
        if served.kind in kinds:
            return served
        raise WrongKind(
            f"{served.name!r} is a {served.kind} model and this route takes {' or '.join(kinds)}; {self._serving()}"
        )

    def _configured(self, name: str) -> ModelSettings:
        for model in self._models:
            if name in (model.served_name, *model.aliases):
                return model
        names = ", ".join(model.served_name for model in self._models)
        raise BadRequest(f"{name!r} is not in the settings, and only what is there can be loaded; they have {names}")

    def _open_warm(self, settings: ModelSettings) -> tuple[ServableModel, float]:
        """The model, and the pace that it begins with."""
        model = self._open(settings)
        model.warm_up()
        inputs: list[Any] = list(_TEXTS) if model.kind != "rerank" else [(_TEXTS[0], text) for text in _TEXTS]
        return model, first_pace(model, inputs)

    def _serve(
        self, settings: ModelSettings, model: ServableModel, pace: float, load_s: float, memory_bytes: int
    ) -> Served:
        name = settings.served_name
        metrics = self._metrics.of(name)
        choose = batch_of_first(settings.batch_tokens)
        scheduler = Scheduler(model, choose, model.max_tokens, self._limits, metrics, pace)
        return Served(name, settings, model, scheduler, metrics, load_s, memory_bytes)

    async def _retire(self, served: Served) -> None:
        await served.scheduler.close()
        await asyncio.to_thread(served.model.close)

    def _unknown(self, name: str) -> str:
        return f"no model {name!r} is served; {self._serving()}"

    def _serving(self) -> str:
        return "served are " + (", ".join(f"{each.name} ({each.kind})" for each in self.served) or "none yet")


def open_served(settings: ModelSettings) -> ServableModel:
    """The model as the encoders room opens it, without torch unless its backend is torch."""
    from outrider.encoders import open_model

    model: ServableModel = open_model(
        settings.source,
        backend=settings.backend,
        precision=settings.precision,
        threads=settings.threads,
        allow_pickle=settings.allow_pickle,
    )
    return model
