"""Every protocol the sidecar speaks, as tables of operations."""

from . import admin, cohere, engines, native, openai, operations, page, rerank, score, search, spans, tei
from .endpoint import Endpoint, Operation

OPERATIONAL = operations.ROUTES
PAGE = page.ROUTES

OPERATIONS: tuple[Operation, ...] = (
    *native.OPERATIONS,
    *spans.OPERATIONS,
    *openai.OPERATIONS,
    *cohere.OPERATIONS,
    *rerank.OPERATIONS,
    *score.OPERATIONS,
    *tei.OPERATIONS,
    *engines.OPERATIONS,
    *search.OPERATIONS,
    *admin.OPERATIONS,
)

__all__ = ["OPERATIONAL", "OPERATIONS", "PAGE", "Endpoint", "Operation"]
