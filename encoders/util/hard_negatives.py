"""Negatives that look like positives, mined from a corpus by a model."""

import logging
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from ..renames import warn_renamed
from .negative_candidates import Embedding, Rescoring, callable_by_mining, search
from .negative_rows import FORMATS, Format, Mined, build, report

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Filter:
    """Which candidates are hard negatives: their ranks, their scores, and how many of them to take, and how."""

    range_min: int
    range_max: int
    num_negatives: int
    is_random: bool
    max_score: float | None
    min_score: float | None
    absolute_margin: float | None
    relative_margin: float | None


def mine_hard_negatives(
    dataset: Any,
    model: Any,
    anchor_column_name: str | None = None,
    positive_column_name: str | None = None,
    corpus: list[str] | None = None,
    cross_encoder: Any = None,
    range_min: int = 0,
    range_max: int | None = None,
    max_score: float | None = None,
    min_score: float | None = None,
    absolute_margin: float | None = None,
    relative_margin: float | None = None,
    num_negatives: int = 3,
    sampling_strategy: Literal["random", "top"] = "top",
    query_prompt_name: str | None = None,
    query_prompt: str | None = None,
    corpus_prompt_name: str | None = None,
    corpus_prompt: str | None = None,
    include_positives: bool = False,
    output_format: Format = "triplet",
    output_scores: bool = False,
    batch_size: int = 32,
    faiss_batch_size: int = 16384,
    use_faiss: bool = False,
    use_multi_process: bool | list[str] = False,
    verbose: bool = True,
    cache_folder: str | None = None,
    as_triplets: bool | None = None,
    margin: float | None = None,
) -> Any:
    """The (anchor, positive) rows of a dataset with negatives: texts that the model finds close, yet are no positives.

    Candidates are the positives and `corpus`, ranks `range_min` to `range_max` of each anchor, without its positives.
    Dropped are those scored above `max_score`, below `min_score`, above the positive's score less `absolute_margin`, or
    above (1 - `relative_margin`) of it; `cross_encoder` rescores first. `num_negatives` of the rest are taken, the best
    or at random. Rows: triplet (one a negative), n-tuple (negative_1, ...; only complete ones), labeled-pair,
    labeled-list. `include_positives` leaves the positives among the candidates, as an evaluation needs them.
    """
    if as_triplets is not None:
        warn_renamed("mine_hard_negatives", "as_triplets", "output_format")
        output_format = "triplet" if as_triplets else "n-tuple"
    if margin is not None:
        warn_renamed("mine_hard_negatives", "margin", "absolute_margin")
        absolute_margin = margin
    if output_format == "n-tuple-scores":
        warn_renamed(
            "mine_hard_negatives", 'output_format="n-tuple-scores"', 'output_format="n-tuple", output_scores=True'
        )
        output_format, output_scores = "n-tuple", True
    if output_format not in FORMATS:
        raise ValueError(f"output_format is {output_format!r}; use one of {', '.join(FORMATS)}")
    if sampling_strategy not in ("top", "random"):
        raise ValueError(f"sampling_strategy is {sampling_strategy!r}; use 'top' or 'random'")
    if include_positives and output_format != "n-tuple":
        logger.info("Positives are included, so the rows are n-tuples: only those keep the order of the ranking.")
        output_format = "n-tuple"
    anchors, positives = _columns(dataset, anchor_column_name, positive_column_name)
    queries, texts, pairs = _indexed(dataset[anchors], dataset[positives], corpus)
    most = max(len(own) for own in pairs.values())
    limits = (max_score, min_score, absolute_margin, relative_margin)
    is_limited = any(limit is not None for limit in limits)
    if range_max is None:
        wanted = num_negatives * (10 if is_limited else 1)
        range_max = range_min + wanted + most
    rule = Filter(range_min, range_max, num_negatives, sampling_strategy == "random", *limits)

    model, cross_encoder = callable_by_mining(model), callable_by_mining(cross_encoder)
    how = Embedding(batch_size, use_multi_process, verbose, cache_folder)
    query_rows = how.embed(model, "encode_query", queries, query_prompt_name, query_prompt)
    text_rows = how.embed(model, "encode_document", texts, corpus_prompt_name, corpus_prompt)
    # Deep enough that each anchor's positives can go.
    depth = min(len(texts), rule.range_max + most)
    rescore = Rescoring(cross_encoder, queries, texts, batch_size) if cross_encoder and is_limited else None
    mined: list[Mined] = []
    for query, scores, places in search(model, query_rows, text_rows, depth, faiss_batch_size, use_faiss=use_faiss):
        own = pairs[query]
        positive_scores = model.similarity(query_rows[query : query + 1], text_rows[own]).flatten()
        found = Candidates(query, own, positive_scores, places, scores)
        mined.extend(_chosen(found, rule, rescore, keep_positives=include_positives))
    if verbose:
        report(mined, num_negatives)
    return build(mined, queries, texts, (anchors, positives), output_format, num_negatives, with_scores=output_scores)


@dataclass(frozen=True)
class Candidates:
    """What the search found for one anchor, and its positives."""

    query: int
    positives: list[int]
    positive_scores: Tensor
    places: Tensor
    scores: Tensor


def _chosen(found: Candidates, rule: Filter, rescore: Rescoring | None, *, keep_positives: bool) -> list[Mined]:
    """For each positive of the anchor, the negatives that pass."""
    places, scores, positive_scores = found.places, found.scores, found.positive_scores
    if not keep_positives:
        is_other = ~torch.isin(places, torch.tensor(found.positives))
        places, scores = places[is_other], scores[is_other]
    if rescore is not None:
        positive_scores = rescore(found.query, found.positives)
        scores = rescore(found.query, places.tolist())
    passing = _passing(scores, float(positive_scores.min()), rule)
    chosen = []
    for positive, own in zip(found.positives, positive_scores.tolist(), strict=True):
        taken = _sampled(passing, scores, rule)
        chosen.append(Mined(found.query, positive, own, places[taken].tolist(), scores[taken].tolist()))
    return chosen


def _passing(scores: Tensor, positive: float, rule: Filter) -> Tensor:
    """Positions of the candidates that keep all limits; `positive` is the lowest score of the anchor's positives."""
    ceilings = [
        rule.max_score,
        None if rule.absolute_margin is None else positive - rule.absolute_margin,
        None if rule.relative_margin is None else positive - abs(positive) * rule.relative_margin,
    ]
    kept = torch.ones_like(scores, dtype=torch.bool)
    for ceiling in ceilings:
        kept &= scores <= (float("inf") if ceiling is None else ceiling)
    if rule.min_score is not None:
        kept &= scores >= rule.min_score
    return kept.nonzero().flatten()


def _sampled(passing: Tensor, scores: Tensor, rule: Filter) -> Tensor:
    """Positions of the negatives to take, best first; `range_min` counts what passes."""
    ranked = passing[scores[passing].argsort(descending=True, stable=True)][rule.range_min :]
    if rule.is_random and len(ranked) > rule.num_negatives:
        ranked = ranked[torch.randperm(len(ranked))[: rule.num_negatives].sort().values]
    return ranked[: rule.num_negatives]


def _columns(dataset: Any, anchor: str | None, positive: str | None) -> tuple[str, str]:
    names = list(dataset.column_names)
    if anchor is None and positive is None and len(names) != 2:
        raise ValueError(
            f"the dataset has the columns {', '.join(names)}; say which two with anchor_column_name and "
            "positive_column_name"
        )
    anchor, positive = anchor or names[0], positive or names[1]
    if missing := [name for name in (anchor, positive) if name not in names]:
        raise ValueError(f"the dataset has no column {missing[0]!r}; it has {', '.join(names)}")
    if not len(dataset):
        raise ValueError("the dataset has no rows to find negatives for")
    return anchor, positive


def _indexed(
    anchors: list[str], positives: list[str], corpus: list[str] | None
) -> tuple[list[str], list[str], dict[int, list[int]]]:
    """Distinct anchors, distinct candidate texts, and the positives of each anchor."""
    queries, texts = list(dict.fromkeys(anchors)), list(dict.fromkeys([*(corpus or ()), *positives]))
    query_at = {text: index for index, text in enumerate(queries)}
    text_at = {text: index for index, text in enumerate(texts)}
    pairs: dict[int, list[int]] = {index: [] for index in range(len(queries))}
    for anchor, positive in zip(anchors, positives, strict=True):
        own = pairs[query_at[anchor]]
        if text_at[positive] not in own:
            own.append(text_at[positive])
    return queries, texts, pairs
