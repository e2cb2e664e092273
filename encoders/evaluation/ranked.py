"""Metrics of rankings, averaged over queries, at the cuts that were asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .. import metrics


@dataclass(frozen=True)
class Cuts:
    """How deep to look for each metric."""

    accuracy: Sequence[int]
    precision_recall: Sequence[int]
    mrr: Sequence[int]
    ndcg: Sequence[int]
    map: Sequence[int]

    def deepest(self) -> int:
        """The longest ranking that any of them needs."""
        return max([*self.accuracy, *self.precision_recall, *self.mrr, *self.ndcg, *self.map])

    def names(self) -> list[str]:
        """The metrics in the order of the results."""
        return [f"{kind}@{k}" for kind, ks in self._kinds() for k in ks]

    def columns(self) -> dict[str, str]:
        """{csv column: metric}, precision and recall side by side."""
        titles = {"accuracy": "Accuracy", "mrr": "MRR", "ndcg": "NDCG", "map": "MAP"}
        found = {f"Accuracy@{k}": f"accuracy@{k}" for k in self.accuracy}
        for k in self.precision_recall:
            found |= {f"Precision@{k}": f"precision@{k}", f"Recall@{k}": f"recall@{k}"}
        for kind, ks in (("mrr", self.mrr), ("ndcg", self.ndcg), ("map", self.map)):
            found |= {f"{titles[kind]}@{k}": f"{kind}@{k}" for k in ks}
        return found

    def _kinds(self) -> list[tuple[str, Sequence[int]]]:
        return [
            ("accuracy", self.accuracy),
            ("precision", self.precision_recall),
            ("recall", self.precision_recall),
            ("ndcg", self.ndcg),
            ("mrr", self.mrr),
            ("map", self.map),
        ]


def measure(rankings: Mapping[str, Sequence[str]], relevant: Mapping[str, set[str]], cuts: Cuts) -> dict[str, float]:
    """Each metric's mean over the queries."""
    judged = {query: dict.fromkeys(relevant[query], 1.0) for query in rankings}
    return {
        name: float(np.mean([_value(name, rankings[query], judged[query]) for query in rankings]))
        for name in cuts.names()
    }


def _value(name: str, ranking: Sequence[str], judged: Mapping[str, float]) -> float:
    kind, _, cut = name.partition("@")
    k = int(cut)
    if kind == "map":
        # trec_eval divides by all relevant documents; here, by as many as fit above the cut.
        return metrics.average_precision(ranking, judged, k) * len(judged) / min(k, len(judged))
    if kind == "accuracy":
        return metrics.success(ranking, judged, k)
    return metrics.MEASURES[kind](ranking, judged, k)
