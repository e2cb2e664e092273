"""How far a following index has come, kept in its own mapping: any step can be cut off and done again."""

from dataclasses import asdict, dataclass

from ..backfill.catch_up import Marks
from ..client import Cluster
from ..index import read_meta, write_meta

_KEY = "outrider_follows"


@dataclass(frozen=True, slots=True)
class Following:
    """The index that is followed, up to where, and whether all that it had before has been copied."""

    index: str
    marks: Marks
    is_filled: bool


def read_following(cluster: Cluster, target: str, origin: str) -> Following | None:
    """None where the index does not follow this one."""
    found = read_meta(cluster, target).get(_KEY)
    following = Following(**found) if found else None
    return following if following and following.index == origin else None


def write_following(cluster: Cluster, target: str, following: Following | None) -> None:
    """Keep it; None forgets it."""
    write_meta(cluster, target, _KEY, asdict(following) if following else None)
