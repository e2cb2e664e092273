"""The parts of an index's mapping that both engines take alike."""

from collections.abc import Mapping
from typing import Any

from ..spec import META_KEY, IndexSpec, spec_to_meta

_KEYWORD = {"type": "keyword"}
_STORED_ONLY = {"type": "keyword", "index": False, "doc_values": False}
# What is said about the encoding of each document; `gap` is the space that the native reranker puts between texts.
MARKER = {
    "properties": {
        "state": _KEYWORD,
        "text_hash": _KEYWORD,
        "models": {"properties": {"dense": _KEYWORD, "sparse": _KEYWORD}},
        "error": _STORED_ONLY,
        "gap": _STORED_ONLY,
    }
}


RANGE = {"type": "integer", "index": False}


def own_properties(spec: IndexSpec, vectors: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that we add beside the user's own: the marker, and the vectors of the document or of its chunks."""
    if spec.chunks is None or not vectors:
        return {spec.marker: MARKER, **vectors}
    chunk = {"start": RANGE, "stop": RANGE, **vectors}
    return {spec.marker: MARKER, spec.chunks.field: {"type": "nested", "properties": chunk}}


def index_with(spec: IndexSpec, settings: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What a new index is created with: our fields beside the texts, and the spec itself."""
    texts = {path: {"type": "text"} for path in spec.text_fields}
    return {
        "settings": {"index": settings},
        "mappings": {"_meta": {META_KEY: spec_to_meta(spec)}, "properties": {**texts, **own}},
    }
