"""An alias moved to an index with other vectors: filled, followed, verified, switched, and moved back where wanted.

Who writes directly, not through us, needs to know nothing: what they write to the old index is found by the engine's
own numbering and brought over, until nothing is left. Only for the last pass, writing to the old index is blocked.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..backfill import Follower, Origin, Progress, backfill
from ..backfill.catch_up import Pass, catch_up, marks_of, missing
from ..backfill.target import make_target
from ..client import Cluster
from ..counting import count_written
from ..errors import BadSpec, MigrationStopped
from ..index import check_models, read_meta, read_spec, require_spec, store_spec, write_meta
from ..ports import Encoder
from ..request import index_path
from ..spec import IndexSpec
from .alias import index_behind, move
from .state import Following, read_following, write_following
from .verify import Verification, verify

_MOVED_FROM = "outrider_moved_from"
_PASSES = 20
_PATIENCE_S = 60.0
# Writing is blocked when fewer documents than that are left to bring over, and never for longer.
_ENOUGH = 100
_BLOCK_S = 10.0
_TRIES = 3
Judge = Callable[[IndexSpec, IndexSpec], None]
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Migration:
    """Where an alias was and is, what was verified, and for how long writing was blocked."""

    alias: str
    old: str
    new: str
    verification: Verification | None = None
    blocked_s: float = 0.0


def migrate(
    cluster: Cluster,
    alias: str,
    wanted: IndexSpec,
    encoder: Encoder,
    *,
    checkpoint: Path,
    dead_letters: Path | None = None,
    judge: Judge | None = None,
    samples: int = 50,
    on_step: Step = lambda _: None,
    on_progress: Progress | None = None,
    **options: Any,
) -> Migration:
    """Move an alias to an index that `wanted` describes. Cut off anywhere, the same call goes on.

    `judge` sees both specs before the alias moves, and raises to stop it. `options` are those of `backfill`.
    Raises MigrationStopped where the new index is not what the old one is; the alias then stays.
    """
    check_models(wanted, encoder.models)
    old = _settled(cluster, alias)
    if _has_same_vectors(old, wanted):
        return Migration(alias, old.follower or old.index, old.index)
    name = name_for(alias, wanted)
    if old.follower not in (None, name):
        raise BadSpec(f"'{alias}' is followed by '{old.follower}'; end that with --finish before another migration")
    origin = Origin(old.index, old.own_fields)
    new = _target(cluster, origin, replace(wanted, index=name, follower=None))
    if old.follower is None:
        old = replace(old, follower=name)
        store_spec(cluster, old)
    following = read_following(cluster, name, old.index)
    if following is None:
        # Before the copy begins: what is written while it runs, and between two tries, is brought over after it.
        following = Following(old.index, marks_of(cluster, old.index), is_filled=False)
        write_following(cluster, name, following)
    if not following.is_filled:
        on_step(f"copying '{old.index}' into '{name}'")
        report = backfill(
            cluster,
            new,
            encoder,
            origin=origin,
            checkpoint=checkpoint,
            dead_letters=dead_letters,
            on_progress=on_progress,
            **options,
        )
        if report.failed:
            _refuse_lost(cluster, old.index, name)
        write_following(cluster, name, replace(following, is_filled=True))
    follower = Follower(cluster, origin, new, encoder, patience_s=_PATIENCE_S)
    on_step("bringing over what was written meanwhile")
    _catch_up(cluster, follower, old.index)
    on_step(f"encoding {samples} documents again")
    verification = verify(cluster, old.index, new, encoder, samples=samples)
    if verification.differing:
        raise MigrationStopped(f"'{name}' is not right: {verification}; '{alias}' stays at '{old.index}'")
    if judge:
        on_step("judging both")
        judge(old, new)
    on_step(f"moving '{alias}'")
    blocked_s = _switch(cluster, alias, old, new, follower)
    return Migration(alias, old.index, name, replace(verification, old_count=count_written(cluster, name)), blocked_s)


def roll_back(
    cluster: Cluster, alias: str, encoder_for: Callable[[IndexSpec], Encoder], on_step: Step = lambda _: None
) -> Migration:
    """Move an alias back to where it was, with all that was written since."""
    new = _settled(cluster, alias)
    before = read_meta(cluster, new.index).get(_MOVED_FROM)
    if not before or new.follower != before:
        raise BadSpec(f"'{alias}' was not moved to '{new.index}', or is back already: there is nothing to go back to")
    old = require_spec(cluster, before)
    follower = Follower(cluster, Origin(new.index, new.own_fields), old, encoder_for(old), patience_s=_PATIENCE_S)
    on_step(f"bringing over what was written to '{new.index}'")
    _catch_up(cluster, follower, new.index)
    on_step(f"moving '{alias}' back")
    blocked_s = _switch(cluster, alias, new, old, follower, back=True)
    return Migration(alias, new.index, old.index, blocked_s=blocked_s)


def finish(cluster: Cluster, alias: str) -> str | None:
    """End it: nothing is written to the other index any more. Returns that one's name; it stays as it is."""
    here = _settled(cluster, alias)
    _unblock(cluster, here.index)
    write_meta(cluster, here.index, _MOVED_FROM, None)
    write_following(cluster, here.index, None)
    if here.follower is None:
        return None
    write_following(cluster, here.follower, None)
    store_spec(cluster, replace(here, follower=None))
    return here.follower


def _settled(cluster: Cluster, alias: str) -> IndexSpec:
    """The spec behind an alias, after the rest of a switch that was cut off."""
    here = require_spec(cluster, index_behind(cluster, alias))
    other = read_spec(cluster, here.follower) if here.follower else None
    if other is not None and other.follower is not None:
        store_spec(cluster, replace(other, follower=None))
    if other is not None:
        _unblock(cluster, other.index)
    return here


def name_for(alias: str, spec: IndexSpec) -> str:
    """The same name for the same vectors, so that a migration that is begun again finds its index."""
    made_of = (spec.fingerprints(), spec.text_fields, str(spec.chunks), str(spec.dense), str(spec.sparse))
    return f"{alias}-{hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:8]}"


def _target(cluster: Cluster, origin: Origin, spec: IndexSpec) -> IndexSpec:
    """The new index, which may be there from before; a follower that it has is one of before, too."""
    found = read_spec(cluster, spec.index)
    return found if found is not None else make_target(cluster, origin, spec)


def _refuse_lost(cluster: Cluster, old: str, new: str) -> None:
    """What cannot be encoded is stored without vectors; what cannot be stored at all ends the migration."""
    lost = missing(cluster, old, new)
    if lost:
        raise MigrationStopped(
            f"{len(lost)} documents of '{old}' cannot be stored in '{new}', such as {', '.join(lost[:5])}: the reasons "
            f"are in the dead-letter file; mend them in '{old}' and run the same command again"
        )


def _has_same_vectors(spec: IndexSpec, wanted: IndexSpec) -> bool:
    keys = ("text_fields", "dense", "sparse", "chunks")
    return spec.fingerprints() == wanted.fingerprints() and all(getattr(spec, k) == getattr(wanted, k) for k in keys)


def _catch_up(cluster: Cluster, follower: Follower, origin: str) -> None:
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


def _switch(
    cluster: Cluster, alias: str, old: IndexSpec, new: IndexSpec, follower: Follower, *, back: bool = False
) -> float:
    """Block writing, bring over the last differences, move the alias; how long it took, in seconds.

    Where the time is over first, writing goes on, and it is tried again after another pass.
    """
    # Before the block, what can be: cut off from here on, the same call goes on.
    write_following(cluster, old.index, Following(new.index, marks_of(cluster, new.index), is_filled=True))
    write_meta(cluster, new.index, _MOVED_FROM, None if back else old.index)
    store_spec(cluster, replace(new, follower=old.index))
    for _ in range(_TRIES):
        try:
            blocked_s = _move_blocked(cluster, alias, old.index, new.index, follower)
        except _TooSlow:
            _catch_up(cluster, follower, old.index)
        else:
            _settled(cluster, alias)
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
            _unblock(cluster, old)
        raise
    return time.monotonic() - started_s


def _is_level(cluster: Cluster, old: str, new: str) -> bool:
    """Whether both hold as many documents."""
    return count_written(cluster, old) == count_written(cluster, new)


def _unblock(cluster: Cluster, index: str) -> None:
    cluster.write("PUT", index_path(index, "/_settings"), {"index.blocks.write": None})
