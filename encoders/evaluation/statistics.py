"""Statistics of labels and scores, as scikit-learn and scipy define them."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def pearson(left: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Pearson's correlation; not a number where one side is constant."""
    a, b = (np.asarray(values, dtype=np.float64) for values in (left, right))
    a, b = a - a.mean(), b - b.mean()
    scale = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / scale) if scale else float("nan")


def spearman(left: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Spearman's rank correlation; equal values share their mean rank."""
    return pearson(ranks(left), ranks(right))


def ranks(values: npt.ArrayLike) -> Array:
    """Ranks from 1, ties at their mean."""
    _, place, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means: Array = (ends - (counts - 1) / 2)[place.ravel()]
    return means


def average_precision(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Sum over thresholds of precision times gain in recall; equal scores are one threshold."""
    relevant, value = np.asarray(labels, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if not relevant.sum():
        return 0.0
    order = np.argsort(-value, kind="stable")
    found = np.cumsum(relevant[order])
    ends = np.flatnonzero(np.append(np.diff(value[order]) != 0, True))
    precision = found[ends] / (ends + 1)
    return float(np.sum(precision * np.diff(found[ends], prepend=0)) / found[-1])


def ndcg(labels: npt.ArrayLike, scores: npt.ArrayLike, k: int) -> float:
    """nDCG of the first k; documents with equal scores share the mean gain of their places."""
    gains, value = np.asarray(labels, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    discounts = 1 / np.log2(np.arange(len(gains)) + 2)
    discounts[k:] = 0
    ideal = float(np.sort(gains)[::-1] @ discounts)
    if not ideal:
        return 0.0
    _, group, counts = np.unique(-value, return_inverse=True, return_counts=True)
    mean_gains = np.bincount(group.ravel(), weights=gains) / counts
    return float(np.repeat(mean_gains, counts) @ discounts) / ideal


def matthews(labels: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Matthews' correlation of two binary columns; 0 where one of them is constant."""
    value = pearson(np.asarray(labels, dtype=bool), np.asarray(predicted, dtype=bool))
    return 0.0 if np.isnan(value) else value


def f1_by_class(labels: npt.ArrayLike, predicted: npt.ArrayLike) -> dict[str, float]:
    """F1 over classes: their mean (macro), pooled (micro), and weighted by how frequent they are."""
    gold, guess = np.asarray(labels), np.asarray(predicted)
    classes = np.union1d(gold, guess)
    right = np.array([np.sum((gold == c) & (guess == c)) for c in classes], dtype=np.float64)
    support = np.array([np.sum(gold == c) for c in classes], dtype=np.float64)
    both = support + np.array([np.sum(guess == c) for c in classes], dtype=np.float64)
    scores = np.divide(2 * right, both, out=np.zeros_like(right), where=both > 0)
    return {
        "f1_macro": float(scores.mean()),
        "f1_micro": float(2 * right.sum() / both.sum()),
        "f1_weighted": float(scores @ support / support.sum()),
    }
