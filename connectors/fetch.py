"""The documents of a ranking, and which of their passages answer best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .answer import Excerpt
from .chunks import Chunk
from .client import Cluster
from .common.hits import Hit, Key, parse_hits
from .common.query import best_chunks_query, by_best_chunk
from .passages import passage, title_and_body
from .ports import Encoded
from .request import index_path
from .spec import IndexSpec
from .text import join_text


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document without vectors. `texts` are what a cross-encoder judges it by; `excerpts` are where they stand.

    Without chunks that is the whole text, and no excerpt; with chunks the best one by vector and the best by terms. A
    chunk that is a document itself is judged by its own text, and `id` is that of the document it is a part of.
    """

    id: str
    source: Mapping[str, Any]
    texts: tuple[str, ...]
    excerpts: tuple[Excerpt, ...] = ()


def fetch(cluster: Cluster, spec: IndexSpec, keys: Sequence[Key], encoded: Encoded) -> dict[Key, Fetched]:
    """The documents of these keys; one deleted meanwhile is left out."""
    if not keys:
        return {}
    place = spec.chunks.field if spec.chunks and spec.parent else None
    # A search by ids, not _mget: that one parses every vector again to leave it out, three times slower.
    indices = sorted({key.index for key in keys})
    body = {
        "query": _query(cluster, spec, [key.id for key in keys], encoded),
        "size": len(keys) * len(indices),
        "_source": {
            "excludes": [field for field in spec.own_fields if field != place]
        },  # other vectors stay out where the engine leaves them out
    }
    answer = cluster.read("POST", index_path(",".join(indices), "/_search"), body)
    found = parse_hits(answer, f"reading documents of '{spec.index}'")
    return {hit.key: _fetched(spec, hit) for hit in found.hits}


def _query(cluster: Cluster, spec: IndexSpec, ids: list[str], encoded: Encoded) -> dict[str, Any]:
    scored = {}
    if spec.nested and spec.dense and encoded.dense is not None:
        scored["dense"] = by_best_chunk(spec, cluster.dialect.exact_dense_query(spec, encoded.dense))
    if spec.nested and spec.sparse and encoded.sparse is not None:
        scored["sparse"] = cluster.dialect.sparse_query(spec, encoded.sparse)
    return best_chunks_query(spec, ids, scored) if scored else {"ids": {"values": ids}}


def _fetched(spec: IndexSpec, hit: Hit) -> Fetched:
    if spec.chunks and spec.parent:
        return _chunk(spec, hit, hit.source.get(spec.chunks.field, {}))
    ranges = dict.fromkeys(hit.chunks.values())
    if not ranges:
        return Fetched(hit.key.id, hit.source, (join_text(hit.source, spec.text_fields),))
    title, body = title_and_body(spec, hit.source)
    parts = [passage(title, body, Chunk(*each)) for each in ranges]
    return Fetched(
        hit.key.id,
        hit.source,
        tuple(part.text for part in parts),
        tuple(Excerpt(part.start, part.stop, part.body) for part in parts),
    )


def _chunk(spec: IndexSpec, hit: Hit, place: Mapping[str, Any]) -> Fetched:
    """A chunk that is a document; one that somebody else wrote says nothing of its place."""
    source = {name: value for name, value in hit.source.items() if name not in spec.own_fields}
    _, body = title_and_body(spec, source)
    excerpts = (Excerpt(place["start"], place["stop"], body),) if place and body else ()
    return Fetched(place.get("parent", hit.key.id), source, (join_text(source, spec.text_fields),), excerpts)
