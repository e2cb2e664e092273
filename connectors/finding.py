"""One thing worth knowing about a cluster."""

from dataclasses import dataclass
from typing import Literal

from .request import Request

Severity = Literal["fine", "note", "in the way"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen, and the request that changes it, where one does."""

    severity: Severity
    what: str
    remedy: Request | None = None
