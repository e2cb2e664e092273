"""Every protocol the sidecar speaks, as tables of operations."""

from . import engines, native, openai, rerank, tei
from .endpoint import Endpoint, Operation
from .operations import ROUTES as OPERATIONAL

OPERATIONS: tuple[Operation, ...] = (
    *native.OPERATIONS,
    *openai.OPERATIONS,
    *rerank.OPERATIONS,
    *tei.OPERATIONS,
    *engines.OPERATIONS,
)

__all__ = ["OPERATIONAL", "OPERATIONS", "Endpoint", "Operation"]
