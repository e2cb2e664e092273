"""What changed in an index since a moment, brought into the one that follows it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..client import Cluster
from ..common.scan import Place
from ..counting import count_written
from ..errors import BadSpec, ClusterUnavailable
from ..report import Outcome
from ..request import index_path
from .compare import only_in, pages
from .follower import WITHOUT_VECTORS, Follower

Marks = Mapping[str, int]
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass found: how many documents differed, which could not be stored, and from where to go on.

    While some could not be stored, it goes on from where it began.
    """

    differed: int
    lost: tuple[Outcome, ...]
    marks: Marks


def marks_of(cluster: Cluster, index: str) -> Marks:
    """How far each shard has come: every operation up to that number is done."""
    settings = cluster.read("GET", index_path(index, "/_settings"))
    if len(settings) != 1:
        raise BadSpec(f"'{index}' stands for {len(settings)} indices; name one of them")
    ((name, found),) = settings.items()
    shards = cluster.read("GET", index_path(index, "/_stats?level=shards"))["indices"].get(name, {}).get("shards", {})
    marks = {
        number: copy["seq_no"]["local_checkpoint"]
        for number, copies in shards.items()
        for copy in copies
        if copy["routing"]["primary"]
    }
    wanted = int(found["settings"]["index"]["number_of_shards"])
    if len(marks) < wanted:
        raise ClusterUnavailable(f"'{index}' has {wanted} shards, and {wanted - len(marks)} of them are nowhere now")
    return marks


def catch_up(cluster: Cluster, follower: Follower, marks: Marks, on_page: Callable[[], None] = lambda: None) -> Pass:
    """Bring over what was written to the origin since `marks`, then delete what is no more there.

    What was written is found by the engine's own numbering of operations, so that a pass costs what has changed; what
    was deleted, by comparing all ids. `on_page` is called for each page that is read, and may raise to end it.
    """
    origin, target = follower.origin.index, follower.index
    reached = marks_of(cluster, origin)
    outcomes: list[Outcome] = []
    for page in _open_pages(cluster, origin, target, marks, on_page):
        outcomes += [each for each in follower.follow(page) if each.status != "skipped"]
    lost = tuple(each for each in outcomes if each.status == "failed" and each.note != WITHOUT_VECTORS)
    return Pass(len(outcomes), lost, marks if lost else reached)


def missing(cluster: Cluster, origin: str, target: str) -> list[str]:
    """The ids of the documents that the origin has and the target does not: all are looked at."""
    return [place.id for page in only_in(cluster, origin, target) for place in page]


def _open_pages(
    cluster: Cluster, origin: str, target: str, marks: Marks, on_page: Callable[[], None]
) -> Iterator[list[Place]]:
    for shard, mark in marks.items():
        on_page()
        for page in pages(cluster, origin, {"range": {"_seq_no": {"gt": mark}}}, _PAGE, shard):
            yield page
            on_page()
    # All that the origin has is here now; whatever more is here was deleted there.
    if count_written(cluster, target) > count_written(cluster, origin):
        yield from only_in(cluster, target, origin, on_page)
