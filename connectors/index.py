"""The index that a spec describes: made, read back, checked against the encoder."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .client import Cluster
from .common.mapping import boost_properties
from .doctor import read_capabilities
from .errors import BadSpec, ModelMismatch, RequestRefused, SpecUnreadable
from .kept_spec import META_KEY, is_as_written, spec_from_meta, spec_to_meta
from .ports import Models
from .request import index_path
from .spec import IndexSpec

# What the stored vectors depend on; all else may change without indexing again.
FIXED = ("text_fields", "models", "dense", "sparse", "chunks", "marker")


def read_spec(cluster: Cluster, index: str) -> IndexSpec | None:
    """The spec that an index (or alias) was made with; None where there is no such index, or it has no spec."""
    mappings = _mappings(cluster, index)
    metas = [mapping.get("_meta", {}).get(META_KEY) for mapping in mappings]
    found = [meta for meta in metas if meta]
    if len(found) > 1:
        raise BadSpec(f"'{index}' stands for {len(mappings)} indices; name one of them")
    return spec_from_meta(found[0], index) if found else None


def spec_is_as_written(cluster: Cluster, index: str) -> bool:
    """Whether the spec in an index's mapping is the one that was written there; also where there is none."""
    return all(is_as_written(mapping.get("_meta", {}).get(META_KEY, {})) for mapping in _mappings(cluster, index))


def require_spec(cluster: Cluster, index: str) -> IndexSpec:
    """The spec of an index. Raises BadSpec where it has none."""
    spec = read_spec(cluster, index)
    if spec is None:
        raise BadSpec(
            f"index '{index}' on {cluster.url} has no vectors of ours: fill it first, with "
            f"`outrider index {cluster.url} {index} FILE.jsonl --text FIELD,…`"
        )
    return spec


def require_in_force(cluster: Cluster, spec: IndexSpec) -> None:
    """Raises BadSpec where this spec holds no more: the index was made anew, or an alias moved."""
    stored = read_spec(cluster, spec.index)
    if stored is None or _changed(stored, spec):
        raise BadSpec(f"'{spec.index}' does not have the vectors any more that it was known to have")


def spec_for(
    cluster: Cluster, index: str, text_fields: tuple[str, ...], models: Models, *, id_field: str | None = None
) -> IndexSpec:
    """The spec that an index has, or the best one for this cluster and these models where it has none.

    No `text_fields` means those it has. Raises BadSpec where it has others.
    """
    return spec_from(cluster, read_spec(cluster, index), index, text_fields, models, id_field=id_field)


def spec_from(
    cluster: Cluster,
    stored: IndexSpec | None,
    index: str,
    text_fields: tuple[str, ...],
    models: Models,
    *,
    id_field: str | None = None,
) -> IndexSpec:
    """As `spec_for`, where it was read already what the index has."""
    if stored is not None:
        if text_fields and text_fields != stored.text_fields:
            raise BadSpec(
                f"index '{index}' was made from {', '.join(stored.text_fields)}, not from {', '.join(text_fields)}: "
                f"use those, or name a new index"
            )
        return replace(stored, id_field=id_field or stored.id_field)
    return fresh_spec(cluster, index, text_fields, models, id_field=id_field)


def fresh_spec(
    cluster: Cluster, index: str, text_fields: tuple[str, ...], models: Models, *, id_field: str | None = None
) -> IndexSpec:
    """The best spec for this cluster and these models, whatever the index has."""
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


def spec_for_models(cluster: Cluster, spec: IndexSpec, models: Models) -> IndexSpec:
    """The same spec with other models, their vectors in the fields that suit this cluster best."""
    fresh = fresh_spec(cluster, spec.index, spec.text_fields, models)
    plain = replace(spec, way="sidecar", pipelines=None, endpoints=None, follower=None)
    sparse = fresh.sparse and replace(fresh.sparse, prune=spec.sparse.prune if spec.sparse else None)
    return replace(plain, models=models, dense=fresh.dense, sparse=sparse)


def ensure_index(cluster: Cluster, spec: IndexSpec) -> IndexSpec:
    """Make the index, or add our fields to one that exists; nothing changes where all is there.

    Returns the spec in force. Raises BadSpec where the index holds vectors that this spec would not make.
    """
    mappings = _mappings(cluster, spec.index)
    if not mappings:
        cluster.write("PUT", index_path(spec.index), cluster.dialect.index_body(spec))
        return spec
    stored = _readable(cluster, spec.index)
    own = cluster.dialect.own_properties(spec)
    if stored == spec and own.keys() <= mappings[0].get("properties", {}).keys():
        return spec
    if stored is not None:
        _refuse_conflict(stored, spec)
    _update_mapping(cluster, spec, mappings[0])
    return spec


def index_exists(cluster: Cluster, index: str) -> bool:
    """Whether there is an index, or an alias, of this name."""
    return bool(_mappings(cluster, index))


def live_properties(cluster: Cluster, index: str) -> Mapping[str, Any]:
    """The fields that the mapping of an index has; none where there is no such index."""
    mappings = _mappings(cluster, index)
    return mappings[0].get("properties", {}) if mappings else {}


def read_meta(cluster: Cluster, index: str) -> Mapping[str, Any]:
    """What is kept in an index's mapping beside its fields."""
    mappings = _mappings(cluster, index)
    return mappings[0].get("_meta", {}) if mappings else {}


def write_meta(cluster: Cluster, index: str, key: str, value: Any) -> None:
    """Keep something there, or take it away (None); all else stays."""
    meta = {name: each for name, each in read_meta(cluster, index).items() if name != key}
    changed = meta if value is None else {**meta, key: value}
    cluster.write("PUT", index_path(index, "/_mapping"), {"_meta": changed})


def remove_spec(cluster: Cluster, index: str) -> None:
    """Take the spec out of an index's mapping; what else is kept there stays."""
    write_meta(cluster, index, META_KEY, None)


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


def _changed(stored: IndexSpec, spec: IndexSpec) -> list[str]:
    return [name for name in FIXED if getattr(stored, name) != getattr(spec, name)]


def _mappings(cluster: Cluster, index: str) -> list[Mapping[str, Any]]:
    try:
        found = cluster.read("GET", index_path(index, "/_mapping"))
    except RequestRefused as err:
        if err.status == 404:
            return []
        raise
    return [each["mappings"] for each in found.values()]


def _readable(cluster: Cluster, index: str) -> IndexSpec | None:
    """The spec of an index; None also where it was broken by hand, so that it is written anew."""
    try:
        return read_spec(cluster, index)
    except SpecUnreadable:
        return None


def _refuse_conflict(stored: IndexSpec, wanted: IndexSpec) -> None:
    differing = _changed(stored, wanted)
    if differing == ["models"] and replace(wanted.models, rerank=stored.models.rerank) == stored.models:
        return
    if differing:
        told = "; ".join(f"{name} is {getattr(stored, name)}, asked for {getattr(wanted, name)}" for name in differing)
        raise BadSpec(f"index '{wanted.index}' was made otherwise: {told}. Use what it has, or name a new index")


def _update_mapping(cluster: Cluster, spec: IndexSpec, mapping: Mapping[str, Any]) -> None:
    meta = {**mapping.get("_meta", {}), META_KEY: spec_to_meta(spec)}
    ours = {**boost_properties(spec, mapping.get("properties", {})), **cluster.dialect.own_properties(spec)}
    body = {"_meta": meta, "properties": ours}
    cluster.write("PUT", index_path(spec.index, "/_mapping"), body)


def store_spec(cluster: Cluster, spec: IndexSpec) -> None:
    """Keep a changed spec with its index. Raises BadSpec where what the stored vectors depend on would change."""
    stored = require_spec(cluster, spec.index)
    if changed := _changed(stored, spec):
        raise BadSpec(f"index '{spec.index}': {', '.join(changed)} cannot change without indexing into a new index")
    write_meta(cluster, spec.index, META_KEY, spec_to_meta(spec))
