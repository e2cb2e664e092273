"""Searching, mining and grouping embeddings in memory, chunk by chunk."""

import heapq
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from tqdm.auto import tqdm  # type: ignore[import-untyped]

from ..renames import warn_renamed
from .similarity import cos_sim
from .tensor import as_rows, normalize_embeddings

Score = Callable[[Any, Any], Tensor]


def semantic_search(
    query_embeddings: Any,
    corpus_embeddings: Any,
    query_chunk_size: int = 100,
    corpus_chunk_size: int = 500000,
    top_k: int = 10,
    score_function: Score = cos_sim,
) -> list[list[dict[str, int | float]]]:
    """For each query the `top_k` best of the corpus, as {corpus_id, score}, best first."""
    queries, corpus = as_rows(query_embeddings), as_rows(corpus_embeddings)
    if queries.device != corpus.device:
        queries = queries.to(corpus.device)
    hits: list[list[dict[str, int | float]]] = []
    for start in range(0, queries.size(0), query_chunk_size):
        some = _rows(queries, start, query_chunk_size)
        best: list[list[tuple[float, int]]] = [[] for _ in range(some.size(0))]
        for offset in range(0, corpus.size(0), corpus_chunk_size):
            scores = score_function(some, _rows(corpus, offset, corpus_chunk_size))
            top = scores.topk(min(top_k, scores.size(1)), dim=1)
            for row, (values, places) in enumerate(zip(top.values.tolist(), top.indices.tolist(), strict=True)):
                best[row].extend((value, offset + place) for value, place in zip(values, places, strict=True))
        for row_best in best:
            chosen = heapq.nlargest(top_k, row_best, key=lambda hit: hit[0])
            hits.append([{"corpus_id": place, "score": value} for value, place in chosen])
    return hits


def information_retrieval(*args: Any, **kwargs: Any) -> list[list[dict[str, int | float]]]:
    """The old name of semantic_search."""
    warn_renamed("util", "information_retrieval", "semantic_search")
    return semantic_search(*args, **kwargs)


def paraphrase_mining(
    model: Any,
    sentences: list[str],
    show_progress_bar: bool = False,
    batch_size: int = 32,
    query_chunk_size: int = 5000,
    corpus_chunk_size: int = 100000,
    max_pairs: int = 500000,
    top_k: int = 100,
    score_function: Score = cos_sim,
    truncate_dim: int | None = None,
    prompt_name: str | None = None,
    prompt: str | None = None,
) -> list[list[float | int]]:
    """Encode the sentences and find those that say the same: [score, i, j], best first."""
    embeddings = model.encode(
        sentences,
        show_progress_bar=show_progress_bar,
        batch_size=batch_size,
        convert_to_tensor=True,
        truncate_dim=truncate_dim,
        prompt_name=prompt_name,
        prompt=prompt,
    )
    return paraphrase_mining_embeddings(
        embeddings,
        query_chunk_size=query_chunk_size,
        corpus_chunk_size=corpus_chunk_size,
        max_pairs=max_pairs,
        top_k=top_k,
        score_function=score_function,
    )


def paraphrase_mining_embeddings(
    embeddings: Tensor,
    query_chunk_size: int = 5000,
    corpus_chunk_size: int = 100000,
    max_pairs: int = 500000,
    top_k: int = 100,
    score_function: Score = cos_sim,
) -> list[list[float | int]]:
    """Pairs of rows that are alike: [score, i, j] with i < j, best first, at most `max_pairs`."""
    embeddings = as_rows(embeddings)
    rows = embeddings.size(0)
    best: list[tuple[float, int, int]] = []
    for offset in range(0, rows, corpus_chunk_size):
        corpus = _rows(embeddings, offset, corpus_chunk_size)
        for start in range(0, rows, query_chunk_size):
            scores = score_function(_rows(embeddings, start, query_chunk_size), corpus)
            # One more than asked for: every row finds itself.
            top = scores.topk(min(top_k + 1, scores.size(1)), dim=1)
            for row, (values, places) in enumerate(zip(top.values.tolist(), top.indices.tolist(), strict=True)):
                left = start + row
                found = ((value, left, offset + place) for value, place in zip(values, places, strict=True))
                best.extend(pair for pair in found if pair[1] != pair[2])
            if len(best) > 4 * max_pairs:
                best = heapq.nlargest(2 * max_pairs, best)
    return _distinct_pairs(best, max_pairs)


def _distinct_pairs(found: list[tuple[float, int, int]], limit: int) -> list[list[float | int]]:
    seen: set[tuple[int, int]] = set()
    pairs: list[list[float | int]] = []
    for score, left, right in sorted(found, key=lambda pair: pair[0], reverse=True):
        key = (min(left, right), max(left, right))
        if key in seen:
            continue
        seen.add(key)
        pairs.append([score, *key])
        if len(pairs) == limit:
            break
    return pairs


def community_detection(
    embeddings: Any,
    threshold: float = 0.75,
    min_community_size: int = 10,
    batch_size: int = 1024,
    show_progress_bar: bool = False,
) -> list[list[int]]:
    """Groups of at least `min_community_size` rows with a cosine of `threshold` to the group's centre.

    Groups do not overlap; the largest comes first, and in each the centre.
    """
    rows = normalize_embeddings(as_rows(embeddings))
    threshold_tensor = torch.tensor(threshold, device=rows.device, dtype=rows.dtype)
    size = min(min_community_size, len(rows))
    candidates: list[list[int]] = []
    for start in tqdm(range(0, len(rows), batch_size), desc="Finding clusters", disable=not show_progress_bar):
        scores = rows[start : start + batch_size] @ rows.T
        smallest = scores.topk(size, largest=True).values[:, -1]
        for row in (smallest >= threshold_tensor).nonzero().flatten().tolist():
            near = (scores[row] >= threshold_tensor).nonzero().flatten()
            order = scores[row][near].argsort(descending=True, stable=True)
            candidates.append(near[order].tolist())
    return _disjoint(sorted(candidates, key=len, reverse=True), min_community_size)


def _disjoint(candidates: list[list[int]], smallest: int) -> list[list[int]]:
    taken: set[int] = set()
    groups = []
    for candidate in candidates:
        group = [row for row in candidate if row not in taken]
        if len(group) >= smallest:
            groups.append(group)
            taken.update(group)
    return sorted(groups, key=len, reverse=True)


def _rows(matrix: Tensor, start: int, count: int) -> Tensor:
    if start == 0 and count >= matrix.size(0):
        return matrix
    if not matrix.is_sparse:
        return matrix[start : start + count]
    places = torch.arange(start, min(start + count, matrix.size(0)), device=matrix.device)
    return torch.index_select(matrix, 0, places)
