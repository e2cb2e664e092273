"""Retrieval metrics: pure functions over rankings and judgements, shared by evaluators, `outrider eval` and benchmarks.

A ranking is the document ids of one query, best first; judgements map document ids to gains, and above 0 is relevant.
Definitions are trec_eval's: nDCG takes linear gains and log2 discounts (Järvelin and Kekäläinen 2002).
"""

import math
from collections.abc import Callable, Mapping, Sequence

Ranking = Sequence[str]
Judgements = Mapping[str, float]
Measure = Callable[[Ranking, Judgements], float]


def ndcg(ranking: Ranking, judged: Judgements, k: int) -> float:
    """Normalised discounted cumulative gain of the first k; 0 when nothing is relevant."""
    ideal = _discounted(sorted((gain for gain in judged.values() if gain > 0), reverse=True)[:k])
    return _discounted([max(judged.get(doc, 0), 0) for doc in ranking[:k]]) / ideal if ideal else 0.0


def recall(ranking: Ranking, judged: Judgements, k: int) -> float:
    """The share of the relevant documents that stand among the first k."""
    relevant = _relevant(judged)
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def precision(ranking: Ranking, judged: Judgements, k: int) -> float:
    """The share of the first k places that hold a relevant document."""
    return len(_relevant(judged).intersection(ranking[:k])) / k


def success(ranking: Ranking, judged: Judgements, k: int) -> float:
    """1 when a relevant document is among the first k, else 0."""
    return float(not _relevant(judged).isdisjoint(ranking[:k]))


def reciprocal_rank(ranking: Ranking, judged: Judgements, k: int) -> float:
    """One over the place of the first relevant document, 0 when none is among the first k."""
    relevant = _relevant(judged)
    return next((1 / place for place, doc in enumerate(ranking[:k], 1) if doc in relevant), 0.0)


def average_precision(ranking: Ranking, judged: Judgements, k: int) -> float:
    """Mean precision at the places of relevant documents among the first k, over all relevant documents."""
    relevant = _relevant(judged)
    found, total = 0, 0.0
    for place, doc in enumerate(ranking[:k], 1):
        if doc in relevant:
            found += 1
            total += found / place
    return total / len(relevant) if relevant else 0.0


def judged_share(ranking: Ranking, judged: Judgements, k: int) -> float:
    """The share of the first k that anyone has judged: how far the other numbers can be trusted."""
    first = ranking[:k]
    return sum(doc in judged for doc in first) / len(first) if first else 0.0


MEASURES: dict[str, Callable[[Ranking, Judgements, int], float]] = {
    "ndcg": ndcg,
    "recall": recall,
    "precision": precision,
    "mrr": reciprocal_rank,
    "map": average_precision,
    "judged": judged_share,
}


def measure(name: str) -> Measure:
    """The measure called e.g. "ndcg@10"; raises ValueError with the known names."""
    kind, _, cut = name.partition("@")
    if kind not in MEASURES or not cut.isdecimal() or int(cut) < 1:
        raise ValueError(f"{name!r} is no measure; write one of {', '.join(MEASURES)} with a cut, such as ndcg@10")
    score, k = MEASURES[kind], int(cut)
    return lambda ranking, judged: score(ranking, judged, k)


def evaluate(
    run: Mapping[str, Ranking], qrels: Mapping[str, Judgements], measures: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Each measure's value for each judged query; a query that the run lacks counts 0."""
    return {
        name: {query: measure(name)(run.get(query, ()), judged) for query, judged in qrels.items()} for name in measures
    }


def mean(values: Mapping[str, float]) -> float:
    """The mean over the queries, 0 when there are none."""
    return math.fsum(values.values()) / len(values) if values else 0.0


def _discounted(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))


def _relevant(judged: Judgements) -> set[str]:
    return {doc for doc, gain in judged.items() if gain > 0}
