"""What is ours taken out of an index: pipelines, vectors, markers and the spec. The documents stay."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..client import Cluster
from ..counting import count_written
from ..errors import BadSpec, ClusterError
from ..index import read_spec, remove_spec
from ..registration import unregister
from ..request import index_path
from ..semantic_registration import refuse_registered
from ..spec import IndexSpec

_AT_ONCE = 5000
_ROUNDS_WITHOUT_PROGRESS = 5
_REMOVE = "for (field in params.fields) { ctx._source.remove(field) }"


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What of ours an index has; None as spec where it has nothing."""

    spec: IndexSpec | None
    documents: int = 0
    enriched: int = 0


def leftovers(cluster: Cluster, index: str) -> Leftovers:
    """Count what would be taken away."""
    spec = read_spec(cluster, index)
    if spec is None:
        return Leftovers(None)
    return Leftovers(spec, count_written(cluster, index), count_written(cluster, index, _ours(spec)))


def destroy(cluster: Cluster, index: str, on_progress: Callable[[int, int], None] | None = None) -> Leftovers:
    """Take away what is ours, the spec last: after a kill, the same call goes on.

    Documents keep their ids and all that is not ours; the fields stay in the mapping, where no engine removes one.
    Returns what was there. Raises ClusterError where documents cannot be written.
    """
    found = leftovers(cluster, index)
    if found.spec is None:
        return found
    refuse_registered(found.spec)
    if found.spec.parent:
        raise BadSpec(f"index '{index}' holds chunks, not documents: there is nothing left without them; delete it")
    if found.spec.pipelines is not None:
        unregister(cluster, index)
    _strip(cluster, found.spec, found.enriched, on_progress)
    remove_spec(cluster, index)
    return found


def _strip(cluster: Cluster, spec: IndexSpec, total: int, on_progress: Callable[[int, int], None] | None) -> None:
    script = {"source": _REMOVE, "params": {"fields": list(spec.own_fields)}}
    # No pipeline runs again over what it has been through; what is written meanwhile is met in the next round.
    path = index_path(
        spec.index, f"/_update_by_query?conflicts=proceed&refresh=true&pipeline=_none&max_docs={_AT_ONCE}"
    )
    left, idle = total, 0
    while left:
        answer: Any = cluster.write("POST", path, {"query": _ours(spec), "script": script})
        if answer["failures"]:
            raise ClusterError(f"index '{spec.index}': vectors could not be removed: {answer['failures'][0]}")
        before, left = left, count_written(cluster, spec.index, _ours(spec))
        idle = idle + 1 if left >= before else 0
        if idle == _ROUNDS_WITHOUT_PROGRESS:
            raise ClusterError(
                f"index '{spec.index}': {left} documents get vectors as fast as they are removed; stop what writes them"
            )
        if on_progress:
            on_progress(total - left, total)


def _ours(spec: IndexSpec) -> dict[str, Any]:
    return {"exists": {"field": f"{spec.marker}.state"}}
