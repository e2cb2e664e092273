"""The native way set up and taken away: the cluster calls the sidecar through its own plugins."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .client import Cluster
from .doctor import blocking_changes, change_request, read_capabilities
from .errors import BadSpec, NotRegistered, RequestRefused, SettingInTheWay
from .index import ensure_index, require_spec
from .opensearch import ml
from .opensearch.ingest_pipeline import ingest_pipeline
from .opensearch.search_pipeline import fused_pipeline, reranked_pipeline
from .request import Request, index_path
from .spec import IndexSpec, Pipelines

_ML = "/_plugins/_ml"


def register(
    cluster: Cluster, spec: IndexSpec, sidecar_url: str, *, api_key: str | None = None, apply_settings: bool = False
) -> IndexSpec:
    """Make connectors, models, pipelines and the index; what is there already stays as it is.

    Raises SettingInTheWay, with the request that changes it, unless `apply_settings`;
    NotRegistered where the cluster lacks a plugin.
    """
    spec = native_spec(spec)
    _check_cluster(cluster, sidecar_url, apply_settings)
    model_ids = _ensure_models(cluster, spec, sidecar_url, api_key)
    for path, body in _pipelines(cluster, spec, model_ids).items():
        _ensure_pipeline(cluster, path, body)
    ensure_index(cluster, spec)
    _ensure_default_pipeline(cluster, spec)
    _remove_unused(cluster)
    return spec


def unregister(cluster: Cluster, index: str, *, delete_index: bool = False) -> None:
    """Remove what `register` made for an index: pipelines, and the models that no other index uses.

    The index and its vectors stay, and can be searched the sidecar way; `delete_index` deletes it too.
    """
    spec = require_spec(cluster, index)
    if spec.pipelines is None:
        raise NotRegistered(f"index '{index}' on {cluster.url} is not registered: there is nothing to remove")
    if delete_index:
        cluster.write("DELETE", index_path(index))
    else:
        cluster.write("PUT", index_path(index, "/_settings"), {"index.default_pipeline": None})
        ensure_index(cluster, replace(spec, way="sidecar", pipelines=None))
    paths = list(_paths(spec.pipelines))
    for path in paths:
        if _read(cluster, path) is not None:
            cluster.write("DELETE", path)
    _remove_unused(cluster, without=paths)


def native_spec(spec: IndexSpec) -> IndexSpec:
    """The spec as `register` makes it: the engine's own vectors, and pipelines. Raises BadSpec without a reranker."""
    if spec.models.rerank is None:
        raise BadSpec(f"registering '{spec.index}' needs a reranker: serve one")
    dense = replace(spec.dense, kind="knn_vector") if spec.dense else None
    names = Pipelines(*(f"{ml.PREFIX}{spec.index}-{what}" for what in ("ingest", "fused", "reranked")))
    return replace(spec, way="native", dense=dense, pipelines=names)


def _check_cluster(cluster: Cluster, sidecar_url: str, apply_settings: bool) -> None:
    capabilities = read_capabilities(cluster)
    if not capabilities.is_native:
        missing = ", ".join(capabilities.missing_for_native) or "it is no OpenSearch"
        raise NotRegistered(
            f"{cluster.url} cannot call a sidecar (missing: {missing}): "
            f"let the sidecar encode instead, with `outrider index`"
        )
    changes = blocking_changes(capabilities, sidecar_url)
    if not changes:
        return
    request = change_request(changes)
    if not apply_settings:
        reasons = "; ".join(f"{change.key}: {change.why}" for change in changes)
        raise SettingInTheWay(
            f"{cluster.url} would refuse to call {sidecar_url} ({reasons}). Change it with\n"
            f"{request.as_curl(cluster.url)}\nor give --apply-settings"
        )
    cluster.write(request.method, request.path, request.body)


def _ensure_models(cluster: Cluster, spec: IndexSpec, sidecar_url: str, api_key: str | None) -> dict[ml.Role, str]:
    group_id = _find(cluster, "model_groups", ml.GROUP_NAME)
    if group_id is None:
        group_id = str(cluster.write("POST", f"{_ML}/model_groups/_register", ml.group_body())["model_group_id"])
    ids: dict[ml.Role, str] = {}
    for role, model in ml.roles(spec).items():
        body = ml.connector_body(role, model, sidecar_url, api_key)
        ids[role] = _ensure_model(cluster, role, spec, body, group_id)
    return ids


def _ensure_model(cluster: Cluster, role: ml.Role, spec: IndexSpec, connector: Mapping[str, Any], group_id: str) -> str:
    connector_id = _find(cluster, "connectors", connector["name"])
    if connector_id is None:
        connector_id = str(cluster.write("POST", f"{_ML}/connectors/_create", connector)["connector_id"])
    model_id = _find(cluster, "models", connector["name"])
    if model_id is None:
        body = ml.model_body(cluster.dialect.version, role, spec, dict(connector), connector_id, group_id)
        return str(cluster.write("POST", f"{_ML}/models/_register?deploy=true", body)["model_id"])
    _ensure_answers(cluster, role, model_id)
    return model_id


def _ensure_answers(cluster: Cluster, role: ml.Role, model_id: str) -> None:
    """Deploy a model anew that gives no answer: it keeps the settings that were in force when it was deployed."""
    path = f"{_ML}/models/{model_id}"
    try:
        cluster.read("POST", f"{path}/_predict", ml.trial_body(role))
    except RequestRefused:
        cluster.write("POST", f"{path}/_undeploy")
        cluster.write("POST", f"{path}/_deploy")


def _find(cluster: Cluster, kind: str, name: str) -> str | None:
    hits = cluster.read("POST", f"{_ML}/{kind}/_search", ml.named(name))["hits"]["hits"]
    return str(hits[0]["_id"]) if hits else None


def _pipelines(cluster: Cluster, spec: IndexSpec, model_ids: Mapping[ml.Role, str]) -> dict[str, dict[str, Any]]:
    if spec.pipelines is None:
        raise BadSpec(f"'{spec.index}' has no pipelines: it is not of the native way")
    made = (ingest_pipeline, fused_pipeline, reranked_pipeline)
    bodies = [make(cluster.dialect.version, spec, model_ids) for make in made]
    return dict(zip(_paths(spec.pipelines), bodies, strict=True))


def _paths(names: Pipelines) -> tuple[str, str, str]:
    search = "/_search/pipeline/"
    return f"/_ingest/pipeline/{names.ingest}", search + names.fused, search + names.reranked


def _ensure_pipeline(cluster: Cluster, path: str, body: dict[str, Any]) -> None:
    if _read(cluster, path) != body:
        cluster.write("PUT", path, body)


def _read(cluster: Cluster, path: str) -> Any:
    """A pipeline's body; None where there is none."""
    try:
        found = cluster.read("GET", path)
    except RequestRefused as err:
        if err.status == 404:
            return None
        raise
    return next(iter(found.values()), None)


def _ensure_default_pipeline(cluster: Cluster, spec: IndexSpec) -> None:
    if spec.pipelines is None:
        return
    wanted = {"index.default_pipeline": spec.pipelines.ingest}
    try:
        found = cluster.read("GET", index_path(spec.index, "/_settings?flat_settings=true"))
    except RequestRefused as err:
        if err.status == 404:  # a dry run has made no index
            return
        raise
    for settings in found.values():
        if settings["settings"].get("index.default_pipeline") != spec.pipelines.ingest:
            cluster.write("PUT", index_path(spec.index, "/_settings"), wanted)


def _remove_unused(cluster: Cluster, without: list[str] | None = None) -> None:
    """Remove our models, connectors and group that no pipeline (but those named) refers to."""
    in_use = _pipelines_text(cluster, without or [])
    models = _ours(cluster, "models")
    unused = {id: source for id, source in models.items() if id not in in_use}
    for request in _removals(cluster, models, unused):
        cluster.write(request.method, request.path, request.body)


def _removals(
    cluster: Cluster, models: Mapping[str, Mapping[str, Any]], unused: Mapping[str, Mapping[str, Any]]
) -> list[Request]:
    removals = []
    for id in unused:
        removals.append(Request("POST", f"{_ML}/models/{id}/_undeploy"))
        removals.append(Request("DELETE", f"{_ML}/models/{id}"))
    kept = {source["connector_id"] for id, source in models.items() if id not in unused}
    removals += [Request("DELETE", f"{_ML}/connectors/{id}") for id in _ours(cluster, "connectors") if id not in kept]
    if len(unused) == len(models) and (group_id := _find(cluster, "model_groups", ml.GROUP_NAME)):
        removals.append(Request("DELETE", f"{_ML}/model_groups/{group_id}"))
    return removals


def _ours(cluster: Cluster, kind: str) -> dict[str, Mapping[str, Any]]:
    hits = cluster.read("POST", f"{_ML}/{kind}/_search", ml.all_of_ours())["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def _pipelines_text(cluster: Cluster, without: list[str]) -> str:
    """All pipelines of the cluster as one text, to look for model ids in."""
    told = []
    for kind in ("/_ingest/pipeline", "/_search/pipeline"):
        try:
            found = cluster.read("GET", kind)
        except RequestRefused as err:
            if err.status != 404:
                raise
            continue
        told += [str(body) for name, body in found.items() if f"{kind}/{name}" not in without]
    return "\n".join(told)
