"""Vectors for the documents of which the gateway said that they come later, or which got past it."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..client import Cluster
from ..common.scan import Place, Stored, rewrite_lines, stored
from ..counting import refresh
from ..documents import source_json
from ..enrich import failed_marker
from ..errors import BadDocument
from ..index import check_models, require_in_force
from ..ports import Encoder
from ..request import index_path
from ..spec import IndexSpec
from ..text import join_text, text_hash
from .writer import InPlaceWriter

_A_BACKFILL = 1000


@dataclass(frozen=True, slots=True)
class Completed:
    """How many documents were looked at, and how many of them cannot have vectors (their markers say why)."""

    seen: int = 0
    failed: int = 0


def complete(
    cluster: Cluster,
    spec: IndexSpec,
    encoder: Encoder,
    documents: Iterable[tuple[str, str | None]],
    patience_s: float,
    *,
    without: Collection[str] = (),
) -> Completed:
    """Give these documents (id, routing) the vectors of what they hold now; take the fields `without` out of them.

    Raises EncoderUnavailable, ModelMismatch, BadSpec or ClusterError; the documents stay as they are then, and
    `complete_some` finds them.
    """
    wanted = [{"_id": id, **({"routing": routing} if routing else {})} for id, routing in documents]
    answer = cluster.read(
        "POST", index_path(spec.index, cluster.dialect.mget_path(spec.vector_fields)), {"docs": wanted}
    )
    found = [stored(doc) for doc in answer["docs"] if doc.get("found")]
    page = [replace(each, source=_without(each.source, without)) for each in found] if without else found
    return _complete(cluster, spec, encoder, page, patience_s)


def complete_some(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder, *, size: int = 64, patience_s: float = 10
) -> Completed:
    """Give up to `size` documents their vectors: pending ones, or unmarked ones and those encoded by other models.

    Where very many are so, they are left to a backfill. Raises as `complete`.
    """
    state = f"{spec.marker}.state"
    hits, _ = _found(cluster, spec, {"term": {state: "pending"}}, size)
    if not hits:
        settled = [encoded(spec), {"terms": {state: ["blank", "failed"]}}]
        hits, total = _found(cluster, spec, {"bool": {"must_not": settled}}, size)
        if total > _A_BACKFILL:
            return Completed()
    if not hits:
        return Completed()
    done = _complete(cluster, spec, encoder, hits, patience_s)
    # So that the next search finds others.
    refresh(cluster, spec.index)
    return done


def encoded(spec: IndexSpec) -> dict[str, Any]:
    """The query for the documents that have vectors of the models of the spec."""
    state = {"term": {f"{spec.marker}.state": "encoded"}}
    models = [{"term": {f"{spec.marker}.models.{kind}": each}} for kind, each in spec.fingerprints().items()]
    return {"bool": {"filter": [state, *models]}}


def _found(cluster: Cluster, spec: IndexSpec, query: dict[str, Any], size: int) -> tuple[list[Stored], int]:
    """The first documents of a query, and how many there are."""
    body = {
        "query": query,
        "size": size,
        "sort": ["_doc"],
        "seq_no_primary_term": True,
        "track_total_hits": _A_BACKFILL + 1,
        "_source": cluster.dialect.source_filter(spec.vector_fields),
    }
    found = cluster.read("POST", index_path(spec.index, "/_search"), body)["hits"]
    return [stored(hit) for hit in found["hits"]], found["total"]["value"]


def _complete(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder, page: Sequence[Stored], patience_s: float
) -> Completed:
    check_models(spec, encoder.models)
    require_in_force(cluster, spec)
    kept = [each for each in page if _has_its_vectors(spec, each.source)]
    rest = [each for each in page if each not in kept]
    outcomes = InPlaceWriter(cluster, spec, encoder, patience_s=patience_s).rewrite(rest, 1) if rest else []
    failed = {outcome.id: outcome.reason for outcome in outcomes if outcome.status == "failed"}
    without = [(each, failed[each.place.id]) for each in rest if each.place.id in failed]
    lines = b"".join(_mark_encoded(spec, each.place) for each in kept)
    lines += rewrite_lines((each.place, _without_vectors(spec, each.source, reason)) for each, reason in without)
    if lines:
        # What is refused here was written by somebody else meanwhile, and is found again.
        cluster.write("POST", "/_bulk", lines)
    return Completed(len(page), len(failed))


def _has_its_vectors(spec: IndexSpec, source: Mapping[str, Any]) -> bool:
    """Whether an update left the text as it was: its vectors are still there then, marked with its hash."""
    marker = source.get(spec.marker)
    if not isinstance(marker, Mapping) or marker.get("models") != spec.fingerprints():
        return False
    try:
        return marker.get("text_hash") == text_hash(join_text(source, spec.text_fields))
    except (BadDocument, UnicodeEncodeError):
        return False


def _without_vectors(spec: IndexSpec, source: Mapping[str, Any], reason: str) -> bytes:
    return source_json({**_without(source, spec.own_fields), **failed_marker(spec, reason)})


def _without(source: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in source.items() if key not in fields}


def _mark_encoded(spec: IndexSpec, place: Place) -> bytes:
    """Only the marker changes, and only if nobody has written the document since."""
    action = {
        "_index": place.index,
        "_id": place.id,
        "if_seq_no": place.seq_no,
        "if_primary_term": place.primary_term,
        **({"routing": place.routing} if place.routing else {}),
    }
    body = {"doc": {spec.marker: {"state": "encoded"}}}
    return json.dumps({"update": action}).encode() + b"\n" + json.dumps(body).encode() + b"\n"
