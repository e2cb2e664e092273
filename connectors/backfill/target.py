"""A new index that is as another one is, but for what is ours."""

from typing import Any

from ..client import Cluster
from ..index import ensure_index, index_exists
from ..opensearch.ml import PREFIX
from ..request import index_path
from ..spec import IndexSpec
from .follower import Origin

# What an index got from the engine when it was made, and what says where it lives: not for another one.
_NOT_COPIED = frozenset(
    (
        *("uuid", "version", "provided_name", "creation_date", "creation_date_string", "blocks", "resize", "history"),
        *("routing", "verified_before_close"),
    )
)


def make_target(cluster: Cluster, origin: Origin, spec: IndexSpec) -> IndexSpec:
    """Make the new index with the settings and fields of the origin; one that is there stays.

    Raises BadSpec where there is one that holds other vectors.
    """
    if index_exists(cluster, spec.index):
        return ensure_index(cluster, spec)
    found = cluster.read("GET", index_path(origin.index))
    (only,) = found.values()
    made = cluster.dialect.index_body(spec)
    kept = {key: value for key, value in only["settings"]["index"].items() if key not in _NOT_COPIED}
    if str(kept.get("default_pipeline", "")).startswith(PREFIX):  # it encodes by the models of the origin
        del kept["default_pipeline"]
    mappings = only["mappings"]
    fields = {name: each for name, each in mappings.get("properties", {}).items() if name not in origin.own_fields}
    own = made["mappings"]
    body: dict[str, Any] = {
        "settings": {"index": {**kept, **made["settings"]["index"]}},
        "mappings": {
            **mappings,
            "_meta": {**_others(mappings.get("_meta", {})), **own["_meta"]},
            "properties": {**own["properties"], **fields, **cluster.dialect.own_properties(spec)},
        },
    }
    cluster.write("PUT", index_path(spec.index), body)
    return spec


def _others(meta: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in meta.items() if not key.startswith("outrider")}
