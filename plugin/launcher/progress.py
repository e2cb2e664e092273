"""What the launcher tells while it works."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Phase = Literal["place", "wait", "download", "unpack", "start", "ready"]


@dataclass(frozen=True)
class Step:
    """One report: `done` of `total` bytes while downloading and unpacking, seconds waited while starting."""

    phase: Phase
    what: str
    done: int = 0
    total: int = 0


Report = Callable[[Step], None]


def silent(step: Step) -> None:
    """The report of a caller that does not want any."""
