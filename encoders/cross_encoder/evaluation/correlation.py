"""Do the cross-encoder's scores rise and fall with those that people gave?"""

from collections.abc import Sequence
from typing import Any, Self

from ...evaluation import statistics
from ...evaluation.base import SentenceEvaluator, check_same_length, suffixed


class CrossEncoderCorrelationEvaluator(SentenceEvaluator):
    """Pearson's and Spearman's correlation of predicted and gold scores."""

    def __init__(
        self,
        sentence_pairs: Sequence[Sequence[str]],
        scores: Sequence[float],
        name: str = "",
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        write_csv: bool = True,
    ) -> None:
        super().__init__()
        check_same_length(sentence_pairs=sentence_pairs, scores=scores)
        self.sentence_pairs, self.scores, self.name = sentence_pairs, scores, name
        self.batch_size, self.show_progress_bar, self.write_csv = batch_size, show_progress_bar, write_csv
        self.csv_file = f"CrossEncoderCorrelationEvaluator{suffixed(name)}_results.csv"
        self.primary_metric = "spearman"

    @classmethod
    def from_input_examples(cls, examples: Sequence[Any], **kwargs: Any) -> Self:
        """From examples with two texts and a score each."""
        return cls([example.texts for example in examples], [example.label for example in examples], **kwargs)

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """pearson and spearman."""
        self._start(self.name, epoch, steps)
        predicted = model.predict(
            self.sentence_pairs,
            batch_size=self.batch_size,
            show_progress_bar=self.show_progress_bar,
            convert_to_numpy=True,
        )
        metrics = {
            "pearson": statistics.pearson(self.scores, predicted),
            "spearman": statistics.spearman(self.scores, predicted),
        }
        row = {f"{key.title()}_Correlation": value for key, value in metrics.items()}
        return self._finish(model, metrics, row, output_path, epoch, steps)
