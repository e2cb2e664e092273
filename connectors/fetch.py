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
from .text import BLANK, join_text


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document without vectors. `texts` are what a cross-encoder judges it by; `excerpts` are where they stand.

    Without chunks that is the whole text, and no excerpt; with chunks the best one by vector and the best by terms.
    """

    source: Mapping[str, Any]
    texts: tuple[str, ...]
    excerpts: tuple[Excerpt, ...] = ()


def fetch(cluster: Cluster, spec: IndexSpec, keys: Sequence[Key], encoded: Encoded) -> dict[Key, Fetched]:
    """The documents of these keys; one deleted meanwhile is left out."""
    if not keys:
        return {}
    # A search by ids, not _mget: that one parses every vector again to leave it out, three times slower.
    indices = sorted({key.index for key in keys})
    body = {
        "query": _query(cluster, spec, [key.id for key in keys], encoded),
        "size": len(keys) * len(indices),
        "_source": {"excludes": list(spec.own_fields)},  # other vectors stay out where the engine leaves them out
    }
    answer = cluster.read("POST", index_path(",".join(indices), "/_search"), body)
    found = parse_hits(answer, f"reading documents of '{spec.index}'")
    return {hit.key: _fetched(spec, hit) for hit in found.hits}


def _query(cluster: Cluster, spec: IndexSpec, ids: list[str], encoded: Encoded) -> dict[str, Any]:
    scored = {}
    if spec.chunks and spec.dense and encoded.dense is not None:
        scored["dense"] = by_best_chunk(spec, cluster.dialect.exact_dense_query(spec, encoded.dense))
    if spec.chunks and spec.sparse and encoded.sparse is not None:
        scored["sparse"] = cluster.dialect.sparse_query(spec, encoded.sparse)
    return best_chunks_query(spec, ids, scored) if scored else {"ids": {"values": ids}}


def _fetched(spec: IndexSpec, hit: Hit) -> Fetched:
    ranges = dict.fromkeys(hit.chunks.values())
    if not ranges:
        return Fetched(hit.source, (join_text(hit.source, spec.text_fields),))
    title, body = title_and_body(spec, hit.source)
    return Fetched(
        hit.source,
        tuple(passage(title, body, Chunk(*each)).text for each in ranges),
        tuple(Excerpt(start, stop, body[start:stop].strip(BLANK)) for start, stop in ranges),
    )
