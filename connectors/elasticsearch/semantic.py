"""semantic_text fields, which the engine fills and asks through the sidecar (native way)."""

from typing import Any

from ..common.query import Filter, Query, filtered
from ..spec import Endpoints, IndexSpec


def semantic_properties(spec: IndexSpec, endpoints: Endpoints) -> dict[str, Any]:
    """Our fields, and the texts that are copied into them; each side has an endpoint of its own."""
    fields: dict[str, Any] = {}
    if spec.dense:
        fields[spec.dense.name] = _semantic(endpoints.dense_document, endpoints.dense_query)
    if spec.sparse:
        fields[spec.sparse.name] = _semantic(endpoints.sparse_document, endpoints.sparse_query)
    texts = {path: {"type": "text", "copy_to": list(fields)} for path in spec.text_fields}
    return {**texts, **fields}


def semantic_query(field: str, text: str, filter: Filter | None) -> Query:
    """The text as the field's query endpoint encodes it; a document counts as its best chunk."""
    return filtered({"semantic": {"field": field, "query": text}}, filter)


def _semantic(document: str | None, query: str | None) -> dict[str, Any]:
    return {"type": "semantic_text", "inference_id": document, "search_inference_id": query}
