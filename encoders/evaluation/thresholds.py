"""The threshold on a score that separates two classes best."""

import numpy as np
import numpy.typing as npt


def best_accuracy(
    scores: npt.ArrayLike, labels: npt.ArrayLike, high_score_more_similar: bool = True
) -> tuple[float, float]:
    """(accuracy, threshold), the first of equals from the most similar pair on."""
    values, gold = _sorted(scores, labels, high_score_more_similar)
    if len(gold) < 2:
        return 0.0, -1.0
    correct = np.cumsum(gold)[:-1] + (np.cumsum(1 - gold[::-1])[::-1])[1:]
    best = int(np.argmax(correct))
    return float(correct[best] / len(gold)), float((values[best] + values[best + 1]) / 2)


def best_f1(
    scores: npt.ArrayLike, labels: npt.ArrayLike, high_score_more_similar: bool = True
) -> tuple[float, float, float, float]:
    """(F1, precision, recall, threshold), the first of equals from the most similar pair on."""
    values, gold = _sorted(scores, labels, high_score_more_similar)
    found, places = np.cumsum(gold)[:-1], np.arange(1, len(gold))
    total = gold.sum()
    if not found.size or not found[-1]:
        return 0.0, 0.0, 0.0, 0.0
    precision, recall = found / places, found / total
    # From precision and recall, as in the reference: another formula's rounding chooses differently among equals.
    f1 = np.divide(2 * precision * recall, precision + recall, out=np.zeros_like(precision), where=found > 0)
    best = int(np.argmax(f1))
    threshold = (values[best] + values[best + 1]) / 2
    return float(f1[best]), float(precision[best]), float(recall[best]), float(threshold)


def _sorted(
    scores: npt.ArrayLike, labels: npt.ArrayLike, descending: bool
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.int64]]:
    values, gold = np.asarray(scores), np.asarray(labels).astype(np.int64)
    order = np.argsort(-values if descending else values, kind="stable")
    return values[order], gold[order]
