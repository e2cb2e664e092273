"""Every protocol the sidecar speaks, as tables of operations."""

from . import admin, chunks, cohere, engines, native, openai, page, rerank, score, search, spans, tei
from .endpoint import Endpoint, Operation
from .operations import ROUTES as _ROUTES

OPERATIONAL = (*_ROUTES, *page.ROUTES)

OPERATIONS: tuple[Operation, ...] = (
    *native.OPERATIONS,
    *spans.OPERATIONS,
    *chunks.OPERATIONS,
    *openai.OPERATIONS,
    *cohere.OPERATIONS,
    *rerank.OPERATIONS,
    *score.OPERATIONS,
    *tei.OPERATIONS,
    *engines.OPERATIONS,
    *search.OPERATIONS,
    *admin.OPERATIONS,
)

__all__ = ["OPERATIONAL", "OPERATIONS", "Endpoint", "Operation"]
