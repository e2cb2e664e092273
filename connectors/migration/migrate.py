"""An alias moved to an index with other vectors: filled, followed, verified, switched, and moved back where wanted.

Who writes directly, not through us, needs to know nothing: what they write to the old index is found by the engine's
own numbering and brought over, until nothing is left. Only for the last pass, writing to the old index is blocked.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..backfill import Follower, Origin, Progress, backfill
from ..backfill.catch_up import marks_of, missing
from ..backfill.target import make_target
from ..client import Cluster
from ..counting import count_written
from ..errors import BadSpec, MigrationStopped
from ..index import check_models, read_meta, read_spec, require_spec, store_spec, write_meta
from ..ports import Encoder
from ..spec import IndexSpec
from .state import Following, read_following, write_following
from .switch import MOVED_FROM, bring_over, settled, switch, unblock
from .verify import Verification, verify

_PATIENCE_S = 60.0
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
    old = settled(cluster, alias)
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
    bring_over(cluster, follower, old.index)
    on_step(f"encoding {samples} documents again")
    verification = verify(cluster, old.index, new, encoder, samples=samples)
    if verification.differing:
        raise MigrationStopped(f"'{name}' is not right: {verification}; '{alias}' stays at '{old.index}'")
    if judge:
        on_step("judging both")
        judge(old, new)
    on_step(f"moving '{alias}'")
    blocked_s = switch(cluster, alias, old, new, follower)
    return Migration(alias, old.index, name, replace(verification, old_count=count_written(cluster, name)), blocked_s)


def roll_back(
    cluster: Cluster, alias: str, encoder_for: Callable[[IndexSpec], Encoder], on_step: Step = lambda _: None
) -> Migration:
    """Move an alias back to where it was, with all that was written since."""
    new = settled(cluster, alias)
    before = read_meta(cluster, new.index).get(MOVED_FROM)
    if not before or new.follower != before:
        raise BadSpec(f"'{alias}' was not moved to '{new.index}', or is back already: there is nothing to go back to")
    old = require_spec(cluster, before)
    follower = Follower(cluster, Origin(new.index, new.own_fields), old, encoder_for(old), patience_s=_PATIENCE_S)
    on_step(f"bringing over what was written to '{new.index}'")
    bring_over(cluster, follower, new.index)
    on_step(f"moving '{alias}' back")
    blocked_s = switch(cluster, alias, new, old, follower, back=True)
    return Migration(alias, new.index, old.index, blocked_s=blocked_s)


def finish(cluster: Cluster, alias: str) -> str | None:
    """End it: nothing is written to the other index any more. Returns that one's name; it stays as it is."""
    here = settled(cluster, alias)
    unblock(cluster, here.index)
    write_meta(cluster, here.index, MOVED_FROM, None)
    write_following(cluster, here.index, None)
    if here.follower is None:
        return None
    write_following(cluster, here.follower, None)
    store_spec(cluster, replace(here, follower=None))
    return here.follower


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
