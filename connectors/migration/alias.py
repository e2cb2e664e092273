"""An alias and the index behind it."""

from typing import Any

from ..client import Cluster
from ..errors import BadSpec, RequestRefused
from ..request import index_path


def index_behind(cluster: Cluster, alias: str) -> str:
    """The one index that an alias stands for. Raises BadSpec where it is no alias, or one of several indices."""
    found = _read(cluster, alias)
    if not found:
        raise BadSpec(
            f"'{alias}' on {cluster.url} is no alias, and only an alias can be moved in one step: make one with POST "
            f'/_aliases {{"actions": [{{"add": {{"index": "INDEX", "alias": "NAME"}}}}]}} and let applications use it'
        )
    if len(found) > 1:
        raise BadSpec(f"alias '{alias}' stands for {len(found)} indices ({', '.join(sorted(found))}); it must be one")
    return next(iter(found))


def move(cluster: Cluster, alias: str, old: str, new: str) -> None:
    """Let an alias stand for another index from one moment to the next, with its filter and routing."""
    options = _read(cluster, alias)[old]["aliases"][alias]
    actions = [
        {"remove": {"index": old, "alias": alias, "must_exist": True}},
        {"add": {"index": new, "alias": alias, **options}},
    ]
    cluster.write("POST", "/_aliases", {"actions": actions})


def _read(cluster: Cluster, alias: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = cluster.read("GET", index_path("_alias", f"/{alias}"))
    except RequestRefused as err:
        if err.status == 404:
            return {}
        raise
    return found
