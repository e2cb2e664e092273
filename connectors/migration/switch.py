"""The last changes brought over and an alias moved, with writing blocked for as short a time as can be."""

import time
from dataclasses import replace

from ..backfill import Follower
from ..backfill.catch_up import Pass, catch_up, marks_of
from ..client import Cluster
from ..counting import count_written
from ..errors import MigrationStopped
from ..index import read_spec, require_spec, store_spec, write_meta
from ..request import index_path
from ..spec import IndexSpec
from .alias import index_behind, move
from .state import Following, read_following, write_following

MOVED_FROM = "outrider_moved_from"
_PASSES = 20
# Writing is blocked when fewer documents than that are left to bring over, and never for longer.
_ENOUGH = 100
_BLOCK_S = 10.0
_TRIES = 3


def bring_over(cluster: Cluster, follower: Follower, origin: str) -> None:
    """Pass after pass until little is left. How far each came is kept with the index that follows."""
    following = _following(cluster, follower, origin)
    for _ in range(_PASSES):
        done = catch_up(cluster, follower, following.marks)
        following = replace(following, marks=done.marks)
        write_following(cluster, follower.index, following)
        if done.differed < _ENOUGH and not done.lost:
            return
    _refuse_unstored(done, origin, follower.index)


def _following(cluster: Cluster, follower: Follower, origin: str) -> Following:
    following = read_following(cluster, follower.index, origin)
    if following is None:
        raise MigrationStopped(
            f"it is not known how far '{follower.index}' follows '{origin}': end it with --finish and begin anew"
        )
    return following


def _refuse_unstored(done: Pass, origin: str, target: str) -> None:
    if done.lost:
        raise MigrationStopped(
            f"{len(done.lost)} documents of '{origin}' cannot be stored in '{target}', such as '{done.lost[0].id}': "
            f"{done.lost[0].reason}"
        )


class _TooSlow(Exception):
    """Writing was blocked for as long as it may be."""


def switch(
    cluster: Cluster, alias: str, old: IndexSpec, new: IndexSpec, follower: Follower, *, back: bool = False
) -> float:
    """Block writing, bring over the last differences, move the alias; how long it took, in seconds.

    Where the time is over first, writing goes on, and it is tried again after another pass.
    """
    # Before the block, what can be: cut off from here on, the same call goes on.
    write_following(cluster, old.index, Following(new.index, marks_of(cluster, new.index), is_filled=True))
    write_meta(cluster, new.index, MOVED_FROM, None if back else old.index)
    store_spec(cluster, replace(new, follower=old.index))
    for _ in range(_TRIES):
        try:
            blocked_s = _move_blocked(cluster, alias, old.index, new.index, follower)
        except _TooSlow:
            bring_over(cluster, follower, old.index)
        else:
            settled(cluster, alias)
            return blocked_s
    raise MigrationStopped(
        f"the last changes to '{old.index}' could not be brought over within {_BLOCK_S:g} s in {_TRIES} tries, and "
        f"writing is not blocked for longer; '{alias}' stays: run the same command again when less is written"
    )


def _move_blocked(cluster: Cluster, alias: str, old: str, new: str, follower: Follower) -> float:
    marks = _following(cluster, follower, old).marks
    started_s = time.monotonic()

    def check() -> None:
        if time.monotonic() - started_s > _BLOCK_S:
            raise _TooSlow

    try:
        answer = cluster.write("PUT", index_path(old, "/_block/write"))
        if not answer.get("shards_acknowledged", True):
            raise _TooSlow  # some shard may still be writing
        while (done := catch_up(cluster, follower, marks, check)).lost or not _is_level(cluster, old, new):
            _refuse_unstored(done, old, new)
            check()
        move(cluster, alias, old, new)
    except BaseException:
        if index_behind(cluster, alias) == old:
            unblock(cluster, old)
        raise
    return time.monotonic() - started_s


def _is_level(cluster: Cluster, old: str, new: str) -> bool:
    """Whether both hold as many documents."""
    return count_written(cluster, old) == count_written(cluster, new)


def unblock(cluster: Cluster, index: str) -> None:
    cluster.write("PUT", index_path(index, "/_settings"), {"index.blocks.write": None})


def settled(cluster: Cluster, alias: str) -> IndexSpec:
    """The spec behind an alias, after the rest of a switch that was cut off."""
    here = require_spec(cluster, index_behind(cluster, alias))
    other = read_spec(cluster, here.follower) if here.follower else None
    if other is not None and other.follower is not None:
        store_spec(cluster, replace(other, follower=None))
    if other is not None:
        unblock(cluster, other.index)
    return here
