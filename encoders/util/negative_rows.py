"""Mined negatives as the rows of a dataset."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from ..errors import MissingExtra

logger = logging.getLogger(__name__)

Format = Literal["triplet", "n-tuple", "n-tuple-scores", "labeled-pair", "labeled-list"]
FORMATS = ("triplet", "n-tuple", "labeled-pair", "labeled-list")


@dataclass(frozen=True)
class Mined:
    """One (anchor, positive) pair, by index, and the negatives taken for it, best first."""

    query: int
    positive: int
    positive_score: float
    negatives: list[int]
    scores: list[float]


def build(
    mined: Sequence[Mined],
    queries: list[str],
    texts: list[str],
    columns: tuple[str, str],
    output_format: str,
    num_negatives: int,
    *,
    with_scores: bool,
) -> Any:
    """A datasets.Dataset in the format asked for; scores come beside the texts, or in the place of the labels."""
    rows: list[dict[str, Any]] = []
    anchor, positive = columns
    complete = [one for one in mined if len(one.negatives) == num_negatives]
    if output_format == "triplet":
        names = [anchor, positive, "negative", *(["scores"] if with_scores else [])]
        rows = [
            dict(zip(names, (queries[o.query], texts[o.positive], texts[n], [o.positive_score, s]), strict=False))
            for o in mined
            for n, s in zip(o.negatives, o.scores, strict=True)
        ]
    elif output_format == "n-tuple":
        names = [anchor, positive, *(f"negative_{i + 1}" for i in range(num_negatives))]
        for one in complete:
            values = (queries[one.query], texts[one.positive], *(texts[place] for place in one.negatives))
            scores = {"scores": [one.positive_score, *one.scores]} if with_scores else {}
            rows.append(dict(zip(names, values, strict=True)) | scores)
        names += ["scores"] if with_scores else []
    elif output_format == "labeled-pair":
        names = [anchor, positive, "score" if with_scores else "label"]
        for query, text, label, score in _labelled(mined):
            rows.append(dict(zip(names, (queries[query], texts[text], score if with_scores else label), strict=True)))
    else:
        names = [anchor, positive, "scores" if with_scores else "labels"]
        for one in mined:
            if one.negatives:
                listed = [texts[place] for place in (one.positive, *one.negatives)]
                labels = [one.positive_score, *one.scores] if with_scores else [1] + [0] * len(one.negatives)
                rows.append(dict(zip(names, (queries[one.query], listed, labels), strict=True)))
    return _dataset({name: [row[name] for row in rows] for name in names})


def _labelled(mined: Sequence[Mined]) -> list[tuple[int, int, int, float]]:
    """(query, text, label, score): the positives of an anchor, then its negatives, each once."""
    by_query: dict[int, list[Mined]] = {}
    for one in mined:
        by_query.setdefault(one.query, []).append(one)
    rows = []
    for query, some in by_query.items():
        rows += [(query, one.positive, 1, one.positive_score) for one in some]
        negatives = {n: s for one in some for n, s in zip(one.negatives, one.scores, strict=True)}
        rows += [(query, place, 0, score) for place, score in negatives.items()]
    return rows


def report(mined: Sequence[Mined], num_negatives: int) -> None:
    """Log how many negatives there are, and how far their scores are from those of the positives."""
    found = sum(len(one.negatives) for one in mined)
    wanted = len(mined) * num_negatives
    logger.info("%d negatives were mined for %d pairs, of %d that were wanted.", found, len(mined), wanted)
    if found:
        positive = fmean(one.positive_score for one in mined)
        negative = fmean(score for one in mined for score in one.scores)
        logger.info("Positives score %.4f on average, negatives %.4f.", positive, negative)
    if found < wanted:
        logger.info("For %d more, widen range_max or the margins, or enlarge the corpus.", wanted - found)


def _dataset(columns: dict[str, list[Any]]) -> Any:
    try:
        from datasets import Dataset
    except ImportError as err:
        raise MissingExtra('mined negatives are a datasets.Dataset: pip install "outrider[train]"') from err
    return Dataset.from_dict(columns)
