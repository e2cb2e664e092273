"""Whether an answer is whole: engines say 200 also where shards are missing from it."""

from collections.abc import Mapping
from typing import Any

from ..errors import PartialAnswer
from .reasons import reason_of

# These ask every shard. Elsewhere (`_stats`, `_refresh`) the total counts replicas that are nowhere, too.
_OF_EVERY_SHARD = frozenset(("hits", "count", "pit_id", "id"))


def require_whole(answer: Any, what: str) -> None:
    """Raises PartialAnswer where shards, or documents that were asked for by id, are missing from an answer."""
    if not isinstance(answer, Mapping):
        return
    shards = answer.get("_shards")
    if shards:
        _require_shards(shards, what, is_of_every_shard=not _OF_EVERY_SHARD.isdisjoint(answer))
    if answer.get("timed_out"):
        raise PartialAnswer(f"{what}: the cluster ran out of time (timed_out), which leaves half an answer")
    # A document that could not be looked for has an error in the place of `found`.
    errors = [doc for doc in answer.get("docs", ()) if isinstance(doc, Mapping) and "error" in doc]
    if errors:
        raise PartialAnswer(
            f"{what}: {len(errors)} of {len(answer['docs'])} documents could not be read, such as "
            f"'{errors[0]['_id']}': {reason_of(errors[0]['error'])}"
        )


def _require_shards(shards: Mapping[str, Any], what: str, *, is_of_every_shard: bool) -> None:
    """A shard that is nowhere neither answers nor fails: it is only not among the successful ones."""
    total, failed = shards["total"], shards["failed"]
    missing = total - shards.get("successful", total - failed) if is_of_every_shard else failed
    if missing:
        reasons = {reason_of(failure.get("reason")) for failure in shards.get("failures", ())}
        raise PartialAnswer(
            f"{what}: {missing} of {total} shards failed: {'; '.join(sorted(reasons)) or 'no reason given'}; an answer "
            f"without them would be half an answer"
        )
