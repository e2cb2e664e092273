"""Every protocol the sidecar speaks, as tables of operations."""

from . import admin, cohere, engines, native, openai, rerank, score, tei
from .endpoint import Endpoint, Operation
from .operations import ROUTES as OPERATIONAL

OPERATIONS: tuple[Operation, ...] = (
    *native.OPERATIONS,
    *openai.OPERATIONS,
    *cohere.OPERATIONS,
    *rerank.OPERATIONS,
    *score.OPERATIONS,
    *tei.OPERATIONS,
    *engines.OPERATIONS,
    *admin.OPERATIONS,
)

__all__ = ["OPERATIONAL", "OPERATIONS", "Endpoint", "Operation"]
