"""The native way set up and taken away, each engine by its own hooks."""

from . import registration, semantic_registration
from .client import Cluster
from .elasticsearch.inference import Service
from .index import require_spec
from .spec import IndexSpec


def register(
    cluster: Cluster,
    spec: IndexSpec,
    sidecar_url: str,
    *,
    api_key: str | None = None,
    apply_settings: bool = False,
    service: Service = "custom",
) -> IndexSpec:
    """Make what lets the cluster call the sidecar, and the index; what is there already stays as it is.

    `apply_settings` concerns OpenSearch, `service` Elasticsearch.
    Raises SettingInTheWay, with the request that changes it; NotRegistered where the cluster lacks a plugin or licence.
    """
    if cluster.dialect.name == "Elasticsearch":
        return semantic_registration.register(cluster, spec, sidecar_url, api_key=api_key, service=service)
    return registration.register(cluster, spec, sidecar_url, api_key=api_key, apply_settings=apply_settings)


def unregister(cluster: Cluster, index: str, *, delete_index: bool = False) -> None:
    """Remove what `register` made for an index, and nothing that another index uses."""
    semantic = require_spec(cluster, index).endpoints is not None
    way = semantic_registration if semantic else registration
    way.unregister(cluster, index, delete_index=delete_index)
