"""Chunks of texts by two models: the dense one has read the whole text, the sparse one the chunk."""

from collections.abc import Iterator, Sequence
from typing import Any

from outrider.connectors import Encoded, EncodingFailed

Vectors = Sequence[Sequence[float]]


def joined(
    counts: Sequence[int],
    dense: Sequence[tuple[Any, bool] | EncodingFailed] | None,
    sparse: Sequence[Encoded | EncodingFailed] | None,
) -> list[list[Encoded] | EncodingFailed]:
    """For each text what its `counts` chunks have; the first failure where a chunk cannot be encoded.

    `dense` are (vectors, whether the text was cut) for each text, `sparse` one result a chunk of all texts.
    """
    rest = iter(sparse) if sparse is not None else None
    return [_joined(count, dense[place] if dense else None, rest) for place, count in enumerate(counts)]


def _joined(
    count: int, dense: tuple[Any, bool] | EncodingFailed | None, rest: Iterator[Encoded | EncodingFailed] | None
) -> list[Encoded] | EncodingFailed:
    terms: list[Any] = [next(rest) for _ in range(count)] if rest is not None else [Encoded()] * count
    failed = next((each for each in (dense, *terms) if isinstance(each, EncodingFailed)), None)
    if failed is not None:
        return failed
    vectors, is_cut = dense if isinstance(dense, tuple) else ([None] * count, False)
    return [
        Encoded(vector, each.sparse, truncated=is_cut or each.truncated)
        for vector, each in zip(vectors, terms, strict=True)
    ]
