"""A document and its vectors as what is stored."""

from collections.abc import Mapping
from typing import Any

from .dialect import Dialect
from .documents import Prepared
from .errors import BadDocument, BadSpec
from .ports import Encoded
from .spec import IndexSpec
from .text import text_hash


def enriched(dialect: Dialect, spec: IndexSpec, document: Prepared, encoded: Encoded | None) -> dict[str, Any]:
    """The document with vectors and marker; without vectors where it has no text (`encoded` None).

    Raises BadDocument where the vectors cannot be stored, DimensionMismatch where they are of another length.
    """
    return {**document.fields, **own_values(dialect, spec, document.text, encoded)}


def own_values(dialect: Dialect, spec: IndexSpec, text: str, encoded: Encoded | None) -> dict[str, Any]:
    """What is stored beside the user's fields: the marker, and vectors where there are any. Raises as `enriched`."""
    values = {spec.marker: marker(spec, text)}
    if encoded is None:
        return values
    check_complete(spec, encoded)
    try:
        return {**values, **dialect.vector_fields(spec, encoded)}
    except ValueError as err:
        raise BadDocument(str(err)) from err


def marker(spec: IndexSpec, text: str) -> dict[str, Any]:
    """What is kept beside the vectors: of which text they are, and by which models."""
    if not text:
        return {"state": "blank"}
    return {"state": "encoded", "text_hash": text_hash(text), "models": spec.fingerprints()}


def pending_marker(spec: IndexSpec) -> dict[str, Any]:
    """Beside a text whose vectors are to come."""
    return {spec.marker: {"state": "pending"}}


def failed_marker(spec: IndexSpec, reason: str) -> dict[str, Any]:
    """Beside a text that cannot have vectors."""
    return {spec.marker: {"state": "failed", "error": reason[:500]}}


def is_unchanged(spec: IndexSpec, document: Prepared, stored: Mapping[str, Any]) -> bool:
    """Whether the stored document is this one, with the vectors of this text by these models."""
    found = stored.get(spec.marker)
    if not isinstance(found, Mapping):
        return False
    wanted = marker(spec, document.text)
    fields = {key: value for key, value in stored.items() if key not in spec.own_fields}
    return all(found.get(key) == value for key, value in wanted.items()) and fields == document.fields


def check_complete(spec: IndexSpec, encoded: Encoded) -> None:
    """Raises BadSpec where the encoder left out a vector that the index wants."""
    for kind, field, value in (("dense", spec.dense, encoded.dense), ("sparse", spec.sparse, encoded.sparse)):
        if field is not None and value is None:
            raise BadSpec(f"index '{spec.index}' wants {kind} vectors in '{field.name}', the encoder gives none")
