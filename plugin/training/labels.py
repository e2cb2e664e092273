"""What examples lack: negatives from the base model's neighbours, and a cross-encoder's scores."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from outrider.encoders import Model

from .examples import Example
from .legs import Leg

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Row:
    """One step's worth of one query: a relevant text, irrelevant ones, and a teacher's scores of all of them."""

    query: str
    positive: str
    negatives: tuple[str, ...]
    scores: tuple[float, ...] = ()


def mined(examples: Sequence[Example], leg: Leg, texts: Mapping[str, str], wanted: int, skip: int) -> list[Example]:
    """The examples with up to `wanted` negatives: the nearest irrelevant documents after the first `skip`."""
    lacking = [place for place, example in enumerate(examples) if len(example.negatives) < wanted]
    filled = list(examples)
    depth = max((len(examples[place].positives) for place in lacking), default=0) + skip + wanted
    rankings = leg.rank([examples[place].query for place in lacking], depth) if lacking else []
    for place, ranking in zip(lacking, rankings, strict=True):
        example = examples[place]
        taken = {*example.positives, *example.negatives}
        near = [texts[id] for id, _ in ranking if texts[id] not in taken][skip:]
        filled[place] = replace(example, negatives=(*example.negatives, *near)[:wanted])
    return filled


def rows_of(examples: Sequence[Example], negatives: int, seed: int) -> list[Row]:
    """One row for each relevant text, with as many negatives as asked for.

    A query with too few of its own gets those of others; one with too many gives each of its rows others.
    """
    pick = random.Random(seed)
    pool = [text for example in examples for text in (*example.negatives, *example.positives)]
    rows = []
    for example in examples:
        own = list(dict.fromkeys(example.negatives))
        for positive in example.positives:
            chosen = pick.sample(own, min(negatives, len(own)))
            known = {*example.positives, *chosen}
            strange = [text for text in (pick.choice(pool) for _ in range(4 * negatives)) if text not in known]
            chosen += list(dict.fromkeys(strange))[: negatives - len(chosen)]
            if len(chosen) == negatives:
                rows.append(Row(example.query, positive, tuple(chosen)))
    return rows


def scored(rows: Sequence[Row], teacher: Model, on_progress: Progress | None = None) -> list[Row]:
    """The rows with the teacher's scores: of the positive, then of the negatives."""
    found = []
    for number, row in enumerate(rows, start=1):
        scores = logits(teacher, row.query, (row.positive, *row.negatives))
        found.append(replace(row, scores=tuple(scores)))
        if on_progress:
            on_progress(number, len(rows))
    return found


def logits(teacher: Model, query: str, texts: Sequence[str]) -> list[float]:
    """The teacher's scores before any sigmoid: margins between probabilities would all be 0 or 1."""
    scores = np.asarray(teacher.rank(query, texts), dtype=np.float64)
    if teacher.activation == "Sigmoid":
        inside = np.clip(scores, 1e-7, 1 - 1e-7)
        scores = np.log(inside) - np.log1p(-inside)
    return [float(score) if math.isfinite(score) else 0.0 for score in scores]
