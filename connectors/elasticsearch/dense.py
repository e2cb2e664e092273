"""Vectors in the forms that dense_vector fields take, and which release has which form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..capabilities import Version
from ..common.vector import check_rounding
from ..errors import BadSpec
from ..spec import DenseField, Element, Space, Structure
from .since import Feature, has

SIMILARITY: Mapping[Space, str] = {"cosinesimil": "cosine", "innerproduct": "max_inner_product", "l2": "l2_norm"}


@dataclass(frozen=True, slots=True)
class Form:
    """A structure's demands. `is_rounded`: it finds by rounded copies, which the vectors themselves can correct."""

    elements: frozenset[Element]
    since: Feature | None = None
    is_rounded: bool = False
    fewest_dimensions: int = 1
    is_even: bool = False


_ANY: frozenset[Element] = frozenset(("float", "byte", "bit"))
_FLOAT: frozenset[Element] = frozenset(("float",))
_ELEMENTS: Mapping[Element, Feature | None] = {"float": None, "byte": "byte elements", "bit": "bit elements"}
FORMS: Mapping[Structure, Form] = {
    "hnsw": Form(_ANY),
    "flat": Form(_ANY),
    "int8_hnsw": Form(_FLOAT, "int8_hnsw", is_rounded=True),
    "int8_flat": Form(_FLOAT, "int8_flat", is_rounded=True),
    "int4_hnsw": Form(_FLOAT, "int4_hnsw", is_rounded=True, is_even=True),
    "int4_flat": Form(_FLOAT, "int4_flat", is_rounded=True, is_even=True),
    "bbq_hnsw": Form(_FLOAT, "bbq_hnsw", is_rounded=True, fewest_dimensions=64),
    "bbq_flat": Form(_FLOAT, "bbq_flat", is_rounded=True, fewest_dimensions=64),
}


def structure_of(version: Version, field: DenseField) -> Structure:
    """The structure that is asked for; else int8_hnsw where it fits, else hnsw."""
    if field.structure:
        return field.structure
    return "int8_hnsw" if field.element == "float" and has(version, "int8_hnsw") else "hnsw"


def dense_property(version: Version, field: DenseField) -> dict[str, Any]:
    """The field's mapping. Raises BadSpec for what this version, or this model's vectors, cannot have."""
    structure = structure_of(version, field)
    _check(version, field, structure)
    bits = field.element == "bit"
    return {
        "type": "dense_vector",
        "dims": field.dimension,
        "index": True,
        "similarity": "l2_norm" if bits else SIMILARITY[field.space],
        **({} if field.element == "float" else {"element_type": field.element}),
        "index_options": {"type": structure},
    }


def _check(version: Version, field: DenseField, structure: Structure) -> None:
    form = FORMS.get(structure)
    where = f"field '{field.name}' is to be {structure} of {field.dimension} {field.element} numbers"
    if form is None:
        raise BadSpec(f"{where}, which is OpenSearch's; choose one of {', '.join(FORMS)}")
    if form.since and not has(version, form.since):
        raise BadSpec(f"{where}, which Elasticsearch {_shown(version)} does not know; choose another dense.structure")
    if field.element not in form.elements:
        raise BadSpec(f"{where}; it takes {', '.join(sorted(form.elements))}: choose hnsw or flat")
    check_rounding(field, where)
    if (came := _ELEMENTS[field.element]) and not has(version, came):
        raise BadSpec(f"{where}, which Elasticsearch {_shown(version)} does not know; choose dense.element: float")
    if field.dimension < form.fewest_dimensions:
        raise BadSpec(f"{where}; it takes {form.fewest_dimensions} numbers or more: choose int8_hnsw")
    if form.is_even and field.dimension % 2:
        raise BadSpec(f"{where}; it takes an even number of them: choose int8_hnsw")


def _shown(version: Version) -> str:
    return ".".join(map(str, version))
