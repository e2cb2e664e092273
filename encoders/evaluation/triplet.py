"""Is the anchor closer to the positive than to the negative?"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from ..renames import warn_renamed
from ..similarity_functions import SimilarityFunction
from .base import SentenceEvaluator, check_same_length, suffixed
from .pair_similarity import row_by_row, similarity_names


class TripletEvaluator(SentenceEvaluator):
    """The share of triplets whose positive is closer to the anchor than the negative, by more than `margin`."""

    def __init__(
        self,
        anchors: Sequence[str],
        positives: Sequence[str],
        negatives: Sequence[str],
        main_similarity_function: str | SimilarityFunction | None = None,
        margin: float | Mapping[str, float] | None = None,
        name: str = "",
        batch_size: int = 16,
        show_progress_bar: bool = False,
        write_csv: bool = True,
        truncate_dim: int | None = None,
        similarity_fn_names: Sequence[str] | None = None,
        main_distance_function: str | SimilarityFunction | None = "deprecated",
    ) -> None:
        super().__init__()
        if main_distance_function != "deprecated":
            warn_renamed(type(self).__name__, "main_distance_function", "main_similarity_function")
            main_similarity_function = main_similarity_function or main_distance_function
        check_same_length(anchors=anchors, positives=positives, negatives=negatives)
        self.anchors, self.positives, self.negatives = anchors, positives, negatives
        self.main_similarity_function = (
            SimilarityFunction(main_similarity_function) if main_similarity_function else None
        )
        self.margin = _margins(margin)
        self.name, self.batch_size, self.show_progress_bar = name, batch_size, show_progress_bar
        self.write_csv, self.truncate_dim = write_csv, truncate_dim
        self.similarity_fn_names = similarity_fn_names
        self.encode_options = {"truncate_dim": truncate_dim, "convert_to_tensor": True}
        self.csv_file = f"triplet_evaluation{suffixed(name)}_results.csv"

    @classmethod
    def from_input_examples(cls, examples: Sequence[Any], **kwargs: Any) -> Self:
        """From examples with three texts each."""
        columns = zip(*(example.texts for example in examples), strict=True)
        anchors, positives, negatives = map(list, columns)
        return cls(anchors, positives, negatives, **kwargs)

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """Metrics named {similarity}_accuracy; with several similarities also max_accuracy."""
        self._start(self.name, epoch, steps)
        columns = {"anchor": self.anchors, "positive": self.positives, "negative": self.negatives}
        anchors, positives, negatives = (
            self._embed(model, texts, group, batch_size=self.batch_size, show_progress_bar=self.show_progress_bar)
            for group, texts in columns.items()
        )
        accuracies = {}
        for name in similarity_names(self.similarity_fn_names, model):
            closer = row_by_row(name, anchors, positives) > row_by_row(name, anchors, negatives) + self.margin[name]
            accuracies[name] = float(closer.mean())
        metrics = {f"{name}_accuracy": value for name, value in accuracies.items()}
        if len(accuracies) > 1:
            metrics["max_accuracy"] = max(accuracies.values())
        main = self.main_similarity_function.value if self.main_similarity_function else None
        self.primary_metric = f"{main or ('max' if len(accuracies) > 1 else next(iter(accuracies)))}_accuracy"
        row = {f"accuracy_{name}": value for name, value in accuracies.items()}
        return self._finish(model, metrics, row, output_path, epoch, steps)


def _margins(given: float | Mapping[str, float] | None) -> dict[str, float]:
    names = SimilarityFunction.possible_values()
    if given is None or isinstance(given, (int, float)):
        return dict.fromkeys(names, float(given or 0))
    if not isinstance(given, Mapping) or set(given) - set(names):
        raise ValueError(f"margin must be a number, or a dictionary with keys of {', '.join(names)}; it is {given!r}")
    return {**dict.fromkeys(names, 0.0), **given}
