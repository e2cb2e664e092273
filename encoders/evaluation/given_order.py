"""How good a ranking is as it was given."""

import numpy as np

from .reranking import Sample, ranking_metrics


def given_order(sample: Sample, k: int) -> dict[str, float]:
    """The metrics of documents in the order given; positives that were not found stand after all others."""
    positives = set(sample["positive"])
    labels = [int(document in positives) for document in sample["documents"]]
    if not any(labels):
        return {"map": 0.0, f"mrr@{k}": 0.0, f"ndcg@{k}": 0.0}
    labels += [1] * (len(positives) - sum(labels))
    return ranking_metrics(labels, -np.arange(len(labels)), k)
