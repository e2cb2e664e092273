"""What an index that was there before us gets, and how much of it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..client import Cluster
from ..counting import count
from ..errors import BadSpec
from ..index import fresh_spec, index_exists, read_spec, spec_from
from ..ports import Models
from ..request import index_path
from ..spec import IndexSpec
from .compare import only_in
from .pending import encoded


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many documents there are to encode, and how many there are with vectors of these models.

    `surplus` are those that another index has and its origin has not.
    """

    documents: int
    encoded: int
    surplus: int = 0


def spec_in_place(cluster: Cluster, index: str, text_fields: tuple[str, ...], models: Models) -> IndexSpec:
    """The spec that an index has, or the one that fits it as it is."""
    return spec_in_place_from(cluster, read_spec(cluster, index), index, text_fields, models)


def spec_in_place_from(
    cluster: Cluster, stored: IndexSpec | None, index: str, text_fields: tuple[str, ...], models: Models
) -> IndexSpec:
    """The spec that an index has (`stored`, as it was read), or the one that fits it as it is.

    An index that was made without k-NN cannot have it later: its vectors are stored as bytes and scored by script.
    Raises BadSpec where there is no such index, or where it does not keep its documents as they were sent.
    """
    if stored is None:
        return fresh_spec_in_place(cluster, index, text_fields, models)
    _refuse_partial_source(index, _as_it_is(cluster, index)[0])
    return spec_from(cluster, stored, index, text_fields, models)


def fresh_spec_in_place(cluster: Cluster, index: str, text_fields: tuple[str, ...], models: Models) -> IndexSpec:
    """The spec that fits an index as it is, whatever spec it has."""
    mapping, settings = _as_it_is(cluster, index)
    _refuse_partial_source(index, mapping)
    spec = fresh_spec(cluster, index, text_fields, models)
    has_knn = str(settings.get("knn", "false")).lower() == "true"
    if spec.dense and spec.dense.kind == "knn_vector" and not has_knn:
        return replace(spec, dense=replace(spec.dense, kind="binary"))
    return spec


def outlook(cluster: Cluster, spec: IndexSpec, origin: str | None = None) -> Outlook:
    """Count what there is (in the origin, where there is one), and what is done in the index of the spec."""
    documents = count(cluster, origin or spec.index)
    if not index_exists(cluster, spec.index):
        return Outlook(documents, 0)
    done = count(cluster, spec.index, encoded(spec))
    return Outlook(documents, done, sum(map(len, only_in(cluster, spec.index, origin))) if origin else 0)


def _as_it_is(cluster: Cluster, index: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    found = cluster.read("GET", index_path(index))
    if len(found) != 1:
        raise BadSpec(f"'{index}' stands for {len(found)} indices ({', '.join(sorted(found))}); name one of them")
    (only,) = found.values()
    return only["mappings"], only["settings"]["index"]


def _refuse_partial_source(index: str, mapping: Mapping[str, Any]) -> None:
    kept = mapping.get("_source", {})
    if kept.get("enabled") is False or kept.get("excludes") or kept.get("includes"):
        raise BadSpec(
            f"index '{index}' does not keep its documents whole (its mapping says _source {dict(kept)}), so that "
            f"writing them back would lose what is not kept: index them from their origin with `outrider index`"
        )
