"""Search in memory over embeddings in fewer bits, rescored with the queries' full precision."""

import logging
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .quantization import Precision, quantize_embeddings
from .util.search_packages import import_faiss, import_usearch_index

logger = logging.getLogger(__name__)

Array = np.ndarray[Any, Any]
Hits = list[list[dict[str, int | float]]]
# Edges of each node in the approximate indexes' graphs.
_CONNECTIVITY = 16


def semantic_search_faiss(
    query_embeddings: Array,
    corpus_embeddings: Array | None = None,
    corpus_index: Any = None,
    corpus_precision: Precision = "float32",
    top_k: int = 10,
    ranges: Array | None = None,
    calibration_embeddings: Array | None = None,
    rescore: bool = True,
    rescore_multiplier: int = 2,
    exact: bool = True,
    output_index: bool = False,
) -> tuple[Hits, float] | tuple[Hits, float, Any]:
    """The `top_k` best of the corpus for each query with faiss, the seconds it took, and the index if asked for.

    The corpus is given as embeddings of `corpus_precision` (float32, uint8, ubinary) or as an index of an earlier call.
    `rescore` looks `rescore_multiplier` times as deep and sorts by the float queries. Needs faiss-cpu.
    """
    faiss = import_faiss()
    _check(corpus_embeddings, corpus_index, corpus_precision, ("float32", "uint8", "ubinary"))
    if corpus_index is None:
        rows = np.asarray(corpus_embeddings)
        width = rows.shape[1]
        if corpus_precision == "ubinary":
            bits = width * 8
            corpus_index = faiss.IndexBinaryFlat(bits) if exact else faiss.IndexBinaryHNSW(bits, _CONNECTIVITY)
        else:
            corpus_index = faiss.IndexFlatIP(width) if exact else faiss.IndexHNSWFlat(width, _CONNECTIVITY)
        corpus_index.add(rows)
    index = corpus_index

    def find(queries: Array, k: int) -> tuple[Array, Array]:
        scores, places = index.search(queries, k)
        return scores, places

    def read(places: Array) -> Array:
        rows = np.array([[index.reconstruct(int(place)) for place in row] for row in places])
        return np.unpackbits(rows, axis=-1).astype(np.int64) if corpus_precision == "ubinary" else rows

    hits, seconds = _search(
        query_embeddings,
        corpus_precision,
        top_k,
        find,
        read,
        rescore_multiplier if rescore else 1,
        ranges=ranges,
        calibration_embeddings=calibration_embeddings,
    )
    return (hits, seconds, corpus_index) if output_index else (hits, seconds)


def semantic_search_usearch(
    query_embeddings: Array,
    corpus_embeddings: Array | None = None,
    corpus_index: Any = None,
    corpus_precision: Precision = "float32",
    top_k: int = 10,
    ranges: Array | None = None,
    calibration_embeddings: Array | None = None,
    rescore: bool = True,
    rescore_multiplier: int = 2,
    exact: bool = True,
    output_index: bool = False,
) -> tuple[Hits, float] | tuple[Hits, float, Any]:
    """Like semantic_search_faiss, with usearch; `corpus_precision` is float32, int8 or binary."""
    usearch = import_usearch_index()
    _check(corpus_embeddings, corpus_index, corpus_precision, ("float32", "int8", "binary"))
    if corpus_index is None:
        rows = np.asarray(corpus_embeddings)
        kinds = {"float32": ("cos", "f32"), "int8": ("ip", "i8"), "binary": ("hamming", "b1")}
        metric, dtype = kinds[corpus_precision]
        width = rows.shape[1] * (8 if corpus_precision == "binary" else 1)
        corpus_index = usearch.Index(ndim=width, metric=metric, dtype=dtype)
        corpus_index.add(np.arange(len(rows)), _bytes(rows, corpus_precision))
    index = corpus_index

    def find(queries: Array, k: int) -> tuple[Array, Array]:
        matches = index.search(np.atleast_2d(_bytes(queries, corpus_precision)), count=k, exact=exact)
        return np.atleast_2d(matches.distances), np.atleast_2d(matches.keys).astype(np.int64)

    def read(places: Array) -> Array:
        rows = np.array([index.get(row) for row in places])
        # Packed bits of binary precision are signed: 128 was taken off each byte.
        return (
            np.unpackbits(rows.view(np.uint8) ^ np.uint8(0x80), axis=-1).astype(np.int64)
            if corpus_precision == "binary"
            else rows
        )

    hits, seconds = _search(
        query_embeddings,
        corpus_precision,
        top_k,
        find,
        read,
        rescore_multiplier if rescore else 1,
        ranges=ranges,
        calibration_embeddings=calibration_embeddings,
    )
    return (hits, seconds, corpus_index) if output_index else (hits, seconds)


def _search(
    queries: Array,
    precision: Precision,
    top_k: int,
    find: Callable[[Array, int], tuple[Array, Array]],
    read: Callable[[Array], Array],
    multiplier: int,
    **quantising: Array | None,
) -> tuple[Hits, float]:
    """Find `top_k` with queries of the corpus's precision; float queries then sort what was found."""
    is_float = queries.dtype == np.float32
    rescored = is_float and precision != "float32" and multiplier > 1
    coded = quantize_embeddings(queries, precision, **quantising) if is_float and precision != "float32" else queries
    start = time.perf_counter()
    scores, places = find(coded, top_k * multiplier if rescored else top_k)
    if rescored:
        scores = np.einsum("ij,ikj->ik", queries, read(places))
        order = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
        scores, places = np.take_along_axis(scores, order, 1), np.take_along_axis(places, order, 1)
    seconds = time.perf_counter() - start
    hits = [
        [{"corpus_id": int(place), "score": float(score)} for place, score in zip(some, values, strict=True)]
        for some, values in zip(places, scores, strict=True)
    ]
    return hits, seconds


def _bytes(rows: Array, precision: str) -> Array:
    return rows.view(np.uint8) if precision == "binary" else rows


def _check(embeddings: Any, index: Any, precision: str, known: tuple[str, ...]) -> None:
    if (embeddings is None) == (index is None):
        raise ValueError("give either corpus_embeddings or corpus_index, and not both")
    if precision not in known:
        raise ValueError(f"corpus_precision is {precision!r}; this search knows {', '.join(known)}")
