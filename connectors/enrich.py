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
    source = {**document.fields, spec.marker: marker(spec, document)}
    if encoded is None:
        return source
    try:
        return {**source, **dialect.vector_fields(spec, encoded)}
    except ValueError as err:
        raise BadDocument(str(err)) from err


def marker(spec: IndexSpec, document: Prepared) -> dict[str, Any]:
    """What is kept beside the vectors: of which text they are, and by which models."""
    if not document.text:
        return {"state": "blank"}
    return {"state": "encoded", "text_hash": text_hash(document.text), "models": spec.fingerprints()}


def is_unchanged(spec: IndexSpec, document: Prepared, stored: Mapping[str, Any]) -> bool:
    """Whether the stored document is this one, with the vectors of this text by these models."""
    found = stored.get(spec.marker)
    if not isinstance(found, Mapping):
        return False
    wanted = marker(spec, document)
    fields = {key: value for key, value in stored.items() if key not in spec.own_fields}
    return all(found.get(key) == value for key, value in wanted.items()) and fields == document.fields


def check_complete(spec: IndexSpec, encoded: Encoded) -> None:
    """Raises BadSpec where the encoder left out a vector that the index wants."""
    for kind, field, value in (("dense", spec.dense, encoded.dense), ("sparse", spec.sparse, encoded.sparse)):
        if field is not None and value is None:
            raise BadSpec(f"index '{spec.index}' wants {kind} vectors in '{field.name}', the encoder gives none")
