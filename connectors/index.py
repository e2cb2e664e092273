"""The index that a spec describes: made, read back, checked against the encoder."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .client import Cluster
from .doctor import read_capabilities
from .errors import BadSpec, ModelMismatch, RequestRefused
from .ports import Models
from .request import index_path
from .spec import META_KEY, IndexSpec, spec_from_meta, spec_to_meta

# What the stored vectors depend on; all else may change without indexing again.
_FIXED = ("text_fields", "models", "dense", "sparse", "chunks", "marker")


def read_spec(cluster: Cluster, index: str) -> IndexSpec | None:
    """The spec that an index (or alias) was made with; None where there is no such index, or it has no spec."""
    mappings = _mappings(cluster, index)
    metas = [mapping.get("_meta", {}).get(META_KEY) for mapping in mappings]
    found = [meta for meta in metas if meta]
    if len(found) > 1:
        raise BadSpec(f"'{index}' stands for {len(mappings)} indices; name one of them")
    return spec_from_meta(found[0], index) if found else None


def require_spec(cluster: Cluster, index: str) -> IndexSpec:
    """The spec of an index. Raises BadSpec where it has none."""
    spec = read_spec(cluster, index)
    if spec is None:
        raise BadSpec(
            f"index '{index}' on {cluster.url} has no vectors of ours: fill it first, with "
            f"`outrider index {cluster.url} {index} FILE.jsonl --text FIELD,…`"
        )
    return spec


def spec_for(
    cluster: Cluster, index: str, text_fields: tuple[str, ...], models: Models, *, id_field: str | None = None
) -> IndexSpec:
    """The spec that an index has, or the best one for this cluster and these models where it has none.

    No `text_fields` means those it has. Raises BadSpec where it has others.
    """
    stored = read_spec(cluster, index)
    if stored is not None:
        if text_fields and text_fields != stored.text_fields:
            raise BadSpec(
                f"index '{index}' was made from {', '.join(stored.text_fields)}, not from {', '.join(text_fields)}: "
                f"use those, or name a new index"
            )
        return replace(stored, id_field=id_field or stored.id_field)
    if not text_fields:
        raise BadSpec(f"index '{index}' is new here: say which fields to encode, such as title,body")
    capabilities, dialect = read_capabilities(cluster), cluster.dialect
    return IndexSpec(
        index=index,
        text_fields=text_fields,
        models=models,
        dense=dialect.dense_field(capabilities, models.dimension) if models.dense and models.dimension else None,
        sparse=dialect.sparse_field(capabilities) if models.sparse else None,
        id_field=id_field,
    )


def ensure_index(cluster: Cluster, spec: IndexSpec) -> IndexSpec:
    """Make the index, or add our fields to one that exists; nothing changes where all is there.

    Returns the spec in force. Raises BadSpec where the index holds vectors that this spec would not make.
    """
    mappings = _mappings(cluster, spec.index)
    if not mappings:
        cluster.write("PUT", index_path(spec.index), cluster.dialect.index_body(spec))
        return spec
    stored = read_spec(cluster, spec.index)
    if stored == spec:
        return spec
    if stored is not None:
        _refuse_conflict(stored, spec)
    _update_mapping(cluster, spec, mappings[0])
    return spec


def check_models(spec: IndexSpec, models: Models) -> None:
    """Raises ModelMismatch where the encoder would make other vectors than those the index holds."""
    for kind in ("dense", "sparse"):
        stored, given = getattr(spec.models, kind), getattr(models, kind)
        if getattr(spec, kind) is None or stored is None:
            continue
        if given is None or given.fingerprint != stored.fingerprint:
            raise ModelMismatch(
                f"index '{spec.index}' holds {kind} vectors of {stored}, the encoder serves {given or 'none'}: "
                f"serve that model, or index again into a new index"
            )


def _mappings(cluster: Cluster, index: str) -> list[Mapping[str, Any]]:
    try:
        found = cluster.read("GET", index_path(index, "/_mapping"))
    except RequestRefused as err:
        if err.status == 404:
            return []
        raise
    return [each["mappings"] for each in found.values()]


def _refuse_conflict(stored: IndexSpec, wanted: IndexSpec) -> None:
    differing = [name for name in _FIXED if getattr(stored, name) != getattr(wanted, name)]
    if differing == ["models"] and replace(wanted.models, rerank=stored.models.rerank) == stored.models:
        return
    if differing:
        told = "; ".join(f"{name} is {getattr(stored, name)}, asked for {getattr(wanted, name)}" for name in differing)
        raise BadSpec(f"index '{wanted.index}' was made otherwise: {told}. Use what it has, or name a new index")


def _update_mapping(cluster: Cluster, spec: IndexSpec, mapping: Mapping[str, Any]) -> None:
    meta = {**mapping.get("_meta", {}), META_KEY: spec_to_meta(spec)}
    body = {"_meta": meta, "properties": cluster.dialect.own_properties(spec)}
    cluster.write("PUT", index_path(spec.index, "/_mapping"), body)


def store_spec(cluster: Cluster, spec: IndexSpec) -> None:
    """Keep a changed spec with its index. Raises BadSpec where what the stored vectors depend on would change."""
    stored = require_spec(cluster, spec.index)
    changed = [name for name in _FIXED if getattr(stored, name) != getattr(spec, name)]
    if changed:
        raise BadSpec(f"index '{spec.index}': {', '.join(changed)} cannot change without indexing into a new index")
    (meta,) = (mapping.get("_meta", {}) for mapping in _mappings(cluster, spec.index))
    body = {"_meta": {**meta, META_KEY: spec_to_meta(spec)}}
    cluster.write("PUT", index_path(spec.index, "/_mapping"), body)
