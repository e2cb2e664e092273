"""Vectors in the forms that knn_vector fields, or binary doc values, take, and which release has which form."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..capabilities import Version
from ..common.vector import check_rounding, checked_vector, engine_vector
from ..errors import BadSpec
from ..spec import DenseField, Element, Structure
from .since import Feature, first, has


@dataclass(frozen=True, slots=True)
class Form:
    """What the mapping says of a structure, and which elements it takes."""

    mapping: Mapping[str, Any]
    elements: tuple[Element, ...] = ("float",)
    since: Feature | None = None


# lucene by name: the default engine (faiss) needs a native library, and without it ends the whole node.
_HNSW = {"name": "hnsw", "engine": "lucene"}
FORMS: Mapping[Structure, Form] = {
    "hnsw": Form({"method": _HNSW}, ("float", "byte", "bit")),
    "on_disk": Form({"mode": "on_disk"}, since="on_disk"),  # faiss, one bit a number, corrected by the vectors
}
# faiss alone has vectors of bits.
_BITS = {"data_type": "binary", "space_type": "hamming", "method": {"name": "hnsw", "engine": "faiss"}}
_ELEMENTS: Mapping[Element, Feature | None] = {"float": None, "byte": "byte elements", "bit": "bit elements"}


def knn_property(version: Version, field: DenseField) -> dict[str, Any]:
    """The field's mapping. Raises BadSpec for what this version, or this model's vectors, cannot have."""
    structure = field.structure or "hnsw"
    _check(version, field, structure)
    base = {"type": "knn_vector", "dimension": field.dimension}
    if field.element == "bit":
        return {**base, **_BITS}
    if field.element == "byte":
        base["data_type"] = "byte"
    mapping = FORMS[structure].mapping
    if "method" not in mapping:
        return {**base, **mapping, "space_type": field.space}
    return {**base, "method": {**mapping["method"], "space_type": field.space}}


def stored_vector(field: DenseField, vector: Sequence[float]) -> Any:
    """The vector as it stands in the document: a list of numbers, or big-endian float32 in base64."""
    if field.kind == "knn_vector":
        return engine_vector(field, vector)
    return base64.b64encode(checked_vector(field, vector).astype(">f4").tobytes()).decode("ascii")


def script_vector(field: DenseField, vector: Sequence[float]) -> str:
    """The query vector as the scoring script reads it: big-endian float32, one character a byte."""
    return checked_vector(field, vector).astype(">f4").tobytes().decode("latin-1")


def check_bytes(field: DenseField) -> None:
    """Raises BadSpec where bytes that a script scores are asked to be what only k-NN has."""
    if field.structure or field.element != "float":
        asked = field.structure or field.element
        raise BadSpec(
            f"field '{field.name}' is to be {asked}, and without k-NN in the cluster, or in the index, its vectors are "
            f"kept as bytes; leave dense.structure and dense.element out"
        )


def _check(version: Version, field: DenseField, structure: Structure) -> None:
    form = FORMS.get(structure)
    where = f"field '{field.name}' is to be {structure} of {field.dimension} {field.element} numbers"
    if form is None:
        raise BadSpec(f"{where}, which OpenSearch does not have; choose {', '.join(FORMS)}")
    if field.element not in form.elements:
        raise BadSpec(f"{where}; it takes {', '.join(form.elements)}: choose hnsw")
    for feature in (form.since, _ELEMENTS[field.element]):
        if feature and not has(version, feature):
            raise BadSpec(f"{where}, which came with OpenSearch {first(feature)}; choose hnsw of float numbers")
    check_rounding(field, where)
