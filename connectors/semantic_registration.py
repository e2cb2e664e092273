"""The native way on Elasticsearch set up and taken away: its own inference endpoints call the sidecar."""

from dataclasses import asdict, replace

from .client import Cluster
from .doctor import read_capabilities
from .elasticsearch.inference import TASKS, Role, Service, endpoint, roles
from .errors import BadSpec, NotRegistered, RequestRefused
from .index import ensure_index, require_spec
from .request import index_path
from .spec import Endpoints, IndexSpec

_GONE = 404
_IN_USE = 409


def register(
    cluster: Cluster, spec: IndexSpec, sidecar_url: str, *, api_key: str | None = None, service: Service = "custom"
) -> IndexSpec:
    """Make the endpoints and the index with its semantic_text fields; what is there already stays as it is.

    The engine calls the sidecar once for each endpoint that it makes. Raises NotRegistered where the cluster lacks the
    inference API or the licence for it.
    """
    if spec.models.rerank is None:
        raise BadSpec(f"registering '{spec.index}' needs a reranker: serve one")
    missing = read_capabilities(cluster).missing_for_native
    if missing:
        raise NotRegistered(
            f"{cluster.url} cannot call a sidecar (missing: {', '.join(missing)}): "
            f"let the sidecar encode instead, with `outrider index`"
        )
    names = {role: _ensure(cluster, spec, role, sidecar_url, api_key, service) for role in roles(spec)}
    spec = replace(
        spec,
        way="native",
        dense=replace(spec.dense, kind="semantic_text") if spec.dense else None,
        sparse=replace(spec.sparse, kind="semantic_text") if spec.sparse else None,
        endpoints=Endpoints(**{role.replace("-", "_"): name for role, name in names.items()}),
    )
    return ensure_index(cluster, spec)


def unregister(cluster: Cluster, index: str, *, delete_index: bool = False) -> None:
    """Delete the index, and the endpoints that no other index uses.

    Raises BadSpec without `delete_index`: the fields cannot be taken out, and writes fail without their endpoints.
    """
    spec = require_spec(cluster, index)
    if spec.endpoints is None:
        raise NotRegistered(f"index '{index}' on {cluster.url} is not registered: there is nothing to remove")
    if not delete_index:
        refuse_registered(spec)
    cluster.write("DELETE", index_path(index))
    for field, name in asdict(spec.endpoints).items():
        if name:
            _remove(cluster, f"/_inference/{_TASKS[field]}/{name}")


def refuse_registered(spec: IndexSpec) -> None:
    """Raises BadSpec for an index that the engine fills through its endpoints: nothing else can be made of it."""
    if spec.endpoints is not None:
        raise BadSpec(
            f"index '{spec.index}' has semantic_text fields, which Elasticsearch cannot take out of an index, nor "
            f"write to without their endpoints: copy its documents, and `outrider unregister --delete-index`"
        )


_TASKS = {role.replace("-", "_"): task for role, task in TASKS.items()}


def _ensure(
    cluster: Cluster, spec: IndexSpec, role: Role, sidecar_url: str, api_key: str | None, service: Service
) -> str:
    made = endpoint(spec, role, roles(spec)[role], sidecar_url, api_key, service)
    try:
        cluster.read("GET", made.path)
    except RequestRefused as err:
        if err.status != _GONE:
            raise
        cluster.write("PUT", made.path, made.body)
    return made.id


def _remove(cluster: Cluster, path: str) -> None:
    try:
        cluster.write("DELETE", path)
    except RequestRefused as err:
        if err.status not in (_GONE, _IN_USE):
            raise
