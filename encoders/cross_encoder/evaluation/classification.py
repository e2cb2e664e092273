"""Does the cross-encoder put pairs into the right class?"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from ...evaluation import statistics, thresholds
from ...evaluation.base import SentenceEvaluator, check_same_length, suffixed


class CrossEncoderClassificationEvaluator(SentenceEvaluator):
    """One label: what a threshold achieves, and average precision. Several labels: F1 over the classes."""

    def __init__(
        self,
        sentence_pairs: Sequence[Sequence[str]],
        labels: Sequence[int],
        *,
        name: str = "",
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        write_csv: bool = True,
        **kwargs: Any,  # noqa: ARG002 -- the old evaluators' threshold and num_labels, which the data tell
    ) -> None:
        super().__init__()
        check_same_length(sentence_pairs=sentence_pairs, labels=labels)
        self.sentence_pairs, self.labels, self.name = sentence_pairs, labels, name
        self.batch_size, self.show_progress_bar, self.write_csv = batch_size, show_progress_bar, write_csv
        self.csv_file = f"CrossEncoderClassificationEvaluator{suffixed(name)}_results.csv"

    @classmethod
    def from_input_examples(cls, examples: Sequence[Any], **kwargs: Any) -> Self:
        """From examples with two texts and a label each."""
        return cls([example.texts for example in examples], [example.label for example in examples], **kwargs)

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """Metrics of one threshold or of several classes, as the model has labels."""
        self._start(self.name, epoch, steps)
        scores = model.predict(
            self.sentence_pairs,
            batch_size=self.batch_size,
            show_progress_bar=self.show_progress_bar,
            convert_to_numpy=True,
        )
        if model.num_labels > 1:
            metrics = statistics.f1_by_class(self.labels, np.argmax(scores, axis=1))
            self.primary_metric = "f1_macro"
            row = dict(zip(("Macro_F1", "Micro_F1", "Weighted_F1"), metrics.values(), strict=True))
            return self._finish(model, metrics, row, output_path, epoch, steps)
        metrics = self._binary(scores)
        self.primary_metric = "average_precision"
        row = {key.title(): value for key, value in metrics.items()}
        return self._finish(model, metrics, row, output_path, epoch, steps)

    def _binary(self, scores: Any) -> dict[str, float]:
        accuracy, accuracy_threshold = thresholds.best_accuracy(scores, self.labels)
        f1, precision, recall, f1_threshold = thresholds.best_f1(scores, self.labels)
        return {
            "accuracy": accuracy,
            "accuracy_threshold": accuracy_threshold,
            "f1": f1,
            "f1_threshold": f1_threshold,
            "precision": precision,
            "recall": recall,
            "average_precision": statistics.average_precision(self.labels, scores),
        }
