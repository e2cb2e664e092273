"""A model that is served: what is asked of it, and what the sidecar tells of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

from .metrics import ModelMetrics
from .scheduler import Scheduler
from .settings import ModelSettings
from .work import Model

Kind = Literal["dense", "sparse", "rerank"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Task = Literal["query", "document"]
TASKS: tuple[Task, ...] = get_args(Task)


class ServableModel(Model, Protocol):
    """What the registry needs of `outrider.encoders.open_model(...)` beside inference."""

    @property
    def kind(self) -> Kind:
        """What its rows are."""

    @property
    def dimension(self) -> int | None:
        """Numbers of a dense row."""

    @property
    def max_tokens(self) -> int:
        """Where it cuts a text."""

    @property
    def fingerprint(self) -> str:
        """Changes when its rows would."""

    @property
    def executor(self) -> str:
        """What runs it."""

    @property
    def activation(self) -> str:
        """What its scores went through: Sigmoid, or Identity for logits."""

    def spell(self, text: str, add_special_tokens: bool = True) -> Sequence[Any]:
        """The tokens of a text."""

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        """Where each token of a whole text stands."""

    @property
    def room(self) -> int:
        """How many tokens of a document it reads."""

    def warm_up(self) -> None:
        """Run a real batch."""

    def close(self) -> None:
        """Give back memory and threads."""


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """A model that is loaded, warm, and has its queue."""

    name: str
    settings: ModelSettings
    model: ServableModel
    scheduler: Scheduler
    metrics: ModelMetrics
    load_s: float
    memory_bytes: int
    loaded_at: float = field(default_factory=time.time)

    @property
    def kind(self) -> Kind:
        """What its rows are."""
        return self.model.kind

    @property
    def fingerprint(self) -> str:
        """Changes when its rows would."""
        return self.model.fingerprint

    def facts(self) -> dict[str, Any]:
        """What `/info` says of it; memory is by how much the process grew while it loaded."""
        return {
            "name": self.name,
            "aliases": list(self.settings.aliases),
            "state": "ready",
            "kind": self.kind,
            "dimension": self.model.dimension,
            "max_tokens": self.model.max_tokens,
            "fingerprint": self.fingerprint,
            "executor": self.model.executor,
            "precision": self.settings.precision,
            "loaded_at": int(self.loaded_at),
            "load_s": round(self.load_s, 3),
            "memory_bytes": self.memory_bytes,
            "waiting_texts": self.scheduler.waiting_texts,
        }


def facts_so_far(settings: ModelSettings, *, is_loading: bool) -> dict[str, Any]:
    """The same of a model that is not served now; what only its files tell is None."""
    unknown = dict.fromkeys(
        ("kind", "dimension", "max_tokens", "fingerprint", "executor", "load_s", "memory_bytes", "loaded_at")
    )
    return {
        "name": settings.served_name,
        "aliases": list(settings.aliases),
        "state": "loading" if is_loading else "unloaded",
        **unknown,
        "precision": settings.precision,
        "waiting_texts": 0,
    }
