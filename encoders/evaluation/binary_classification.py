"""Does a threshold on the similarity tell alike pairs from others?"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from . import statistics, thresholds
from .base import SentenceEvaluator, check_same_length, suffixed
from .pair_similarity import best_over, row_by_row, similarity_names

_METRICS = ("accuracy", "accuracy_threshold", "f1", "f1_threshold", "precision", "recall", "ap", "mcc")
# The order in which the csv file has them.
_COLUMNS = ("accuracy", "accuracy_threshold", "f1", "precision", "recall", "f1_threshold", "ap", "mcc")
# Sentence Transformers reads these negated distances as distances, the smallest as the most alike; the same numbers
# are given here, so that results stay comparable. Cosine and dot product are read as they are.
_DISTANCES = ("euclidean", "manhattan")


class BinaryClassificationEvaluator(SentenceEvaluator):
    """Accuracy, F1, precision, recall at the best threshold, average precision and Matthews' correlation."""

    def __init__(
        self,
        sentences1: Sequence[str],
        sentences2: Sequence[str],
        labels: Sequence[int],
        name: str = "",
        batch_size: int = 32,
        show_progress_bar: bool = False,
        write_csv: bool = True,
        truncate_dim: int | None = None,
        similarity_fn_names: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        check_same_length(sentences1=sentences1, sentences2=sentences2, labels=labels)
        if wrong := sorted({label for label in labels if label not in (0, 1)}):
            raise ValueError(f"labels must be 0 or 1, but there are also {wrong}")
        self.sentences1, self.sentences2, self.labels = sentences1, sentences2, labels
        self.name, self.batch_size, self.show_progress_bar = name, batch_size, show_progress_bar
        self.write_csv, self.truncate_dim = write_csv, truncate_dim
        self.similarity_fn_names = similarity_fn_names
        self.encode_options = {"truncate_dim": truncate_dim, "convert_to_tensor": True}
        self.csv_file = f"binary_classification_evaluation{suffixed(name)}_results.csv"

    @classmethod
    def from_input_examples(cls, examples: Sequence[Any], **kwargs: Any) -> Self:
        """From examples with two texts and a label each."""
        first, second = zip(*(example.texts for example in examples), strict=True)
        return cls(list(first), list(second), [example.label for example in examples], **kwargs)

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """Metrics named {similarity}_{metric}; with several similarities also max_{metric}."""
        self._start(self.name, epoch, steps)
        scores = self.compute_metrices(model)
        metrics = {f"{name}_{key}": value for name, values in scores.items() for key, value in values.items()}
        metrics |= best_over(scores, "{}_{}".format)
        self.primary_metric = "max_ap" if len(scores) > 1 else f"{next(iter(scores))}_ap"
        row = {f"{name}_{key}": values[key] for name, values in scores.items() for key in _COLUMNS}
        return self._finish(model, metrics, row, output_path, epoch, steps)

    def compute_metrices(self, model: Any) -> dict[str, dict[str, float]]:
        """The metrics of each similarity."""
        texts = list(dict.fromkeys([*map(_key, self.sentences1), *map(_key, self.sentences2)]))
        place = {text: index for index, text in enumerate(texts)}
        embeddings = self._embed(
            model,
            [_value(text) for text in texts],
            "",
            batch_size=self.batch_size,
            show_progress_bar=self.show_progress_bar,
        )
        rows = embeddings.to_dense()
        left, right = (rows[[place[_key(text)] for text in side]] for side in (self.sentences1, self.sentences2))
        names = similarity_names(self.similarity_fn_names, model)
        return {name: self._classified(name, row_by_row(name, left, right)) for name in names}

    def _classified(self, name: str, scores: np.ndarray[Any, Any]) -> dict[str, float]:
        labels, rises = np.asarray(self.labels), name not in _DISTANCES
        accuracy, accuracy_threshold = thresholds.best_accuracy(scores, labels, rises)
        f1, precision, recall, f1_threshold = thresholds.best_f1(scores, labels, rises)
        ap = statistics.average_precision(labels, scores if rises else -scores)
        cut = np.float32(f1_threshold)
        mcc = statistics.matthews(labels, scores >= cut if rises else scores <= cut)
        values = (accuracy, accuracy_threshold, f1, f1_threshold, precision, recall, ap, mcc)
        return dict(zip(_METRICS, values, strict=True))

    find_best_acc_and_threshold = staticmethod(thresholds.best_accuracy)
    find_best_f1_and_threshold = staticmethod(thresholds.best_f1)


def _key(text: Any) -> Any:
    """Texts for a Router may come as {route: text}, which cannot be a dictionary's key."""
    return tuple(text.items()) if isinstance(text, dict) else text


def _value(key: Any) -> Any:
    return dict(key) if isinstance(key, tuple) else key
