"""The parts of an index's mapping that both engines take alike."""

from collections.abc import Mapping
from typing import Any

from ..errors import BadSpec
from ..kept_spec import META_KEY, spec_to_meta
from ..spec import IndexSpec

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


_NUMBERS = ("double", "float", "half_float", "scaled_float", "long", "integer", "short", "byte", "unsigned_long")
_DATES = ("date", "date_nanos")
RANGE = {"type": "integer", "index": False}
# Of a chunk that is a document: of which one, the how manieth of how many, and which range of its text.
PLACE = {"parent": _KEYWORD, "number": {"type": "integer"}, "of": RANGE, "start": RANGE, "stop": RANGE}


def own_properties(spec: IndexSpec, vectors: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that we add beside the user's own: the marker, and the vectors of the document or of its chunks."""
    if spec.chunks and spec.parent:
        return {spec.marker: MARKER, spec.chunks.field: {"properties": PLACE}, **vectors}
    if spec.nested is None or not vectors:
        return {spec.marker: MARKER, **vectors}
    chunk = {"start": RANGE, "stop": RANGE, **vectors}
    return {spec.marker: MARKER, spec.nested.field: {"type": "nested", "properties": chunk}}


def index_with(spec: IndexSpec, settings: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What a new index is created with: our fields beside the user's, and the spec itself."""
    texts = {path: {"type": "text"} for path in spec.text_fields}
    return {
        "settings": {"index": settings},
        "mappings": {
            "_meta": {META_KEY: spec_to_meta(spec)},
            "properties": {**texts, **boost_properties(spec, {}), **own},
        },
    }


def boost_properties(spec: IndexSpec, live: Mapping[str, Any]) -> dict[str, Any]:
    """The business fields that the mapping lacks: a search by a field that no document has brought yet would fail.

    Raises BadSpec for one that holds neither numbers nor dates.
    """
    missing: dict[str, Any] = {}
    for boost in spec.boosts:
        found = _type_at(live, boost.field)
        wanted = _DATES if boost.is_of_date else _NUMBERS
        if found is None:
            missing[boost.field] = {"type": wanted[0]}
        elif found not in wanted:
            kind = "dates" if boost.is_of_date else "numbers"
            ages = boost.function == "decay" and found in _DATES
            raise BadSpec(
                f"index '{spec.index}': the boost by '{boost.field}' wants {kind}, the field is of type {found}; "
                + ("leave origin out" if ages else f"name one of {', '.join(wanted)}")
            )
    return missing


def _type_at(properties: Mapping[str, Any], path: str) -> str | None:
    """The type of a field by its path, also of a sub-field; None where the mapping has none."""
    if path in properties:
        return str(properties[path].get("type", "object"))
    head, _, rest = path.partition(".")
    inside = properties.get(head, {})
    return _type_at({**inside.get("properties", {}), **inside.get("fields", {})}, rest) if rest else None
