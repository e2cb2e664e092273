"""Do similarities rise and fall with the scores that people gave?"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch

from ..similarity_functions import SimilarityFunction
from . import statistics
from .base import SentenceEvaluator, check_same_length, suffixed
from .pair_similarity import best_over, row_by_row, similarity_names


class EmbeddingSimilarityEvaluator(SentenceEvaluator):
    """Pearson's and Spearman's correlation of the similarity of pairs with their gold scores."""

    kind = "Semantic Similarity"

    def __init__(
        self,
        sentences1: Sequence[str],
        sentences2: Sequence[str],
        scores: Sequence[float],
        batch_size: int = 16,
        main_similarity: str | SimilarityFunction | None = None,
        similarity_fn_names: Sequence[str] | None = None,
        name: str = "",
        show_progress_bar: bool = False,
        write_csv: bool = True,
        precision: str | None = None,
        truncate_dim: int | None = None,
    ) -> None:
        super().__init__()
        check_same_length(sentences1=sentences1, sentences2=sentences2, scores=scores)
        self.sentences1, self.sentences2, self.scores = sentences1, sentences2, scores
        self.batch_size, self.name, self.show_progress_bar = batch_size, name, show_progress_bar
        self.write_csv, self.precision, self.truncate_dim = write_csv, precision, truncate_dim
        self.main_similarity = SimilarityFunction(main_similarity) if main_similarity else None
        self.similarity_fn_names = similarity_fn_names
        self.encode_options = {"truncate_dim": truncate_dim, "precision": precision, "convert_to_numpy": True}
        self.csv_file = f"similarity_evaluation{suffixed(name)}{suffixed(precision or '')}_results.csv"

    @classmethod
    def from_input_examples(cls, examples: Sequence[Any], **kwargs: Any) -> Self:
        """From examples with two texts and a score each."""
        first, second = zip(*(example.texts for example in examples), strict=True)
        return cls(list(first), list(second), [example.label for example in examples], **kwargs)

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """Metrics named pearson_{similarity} and spearman_{similarity}; with several similarities also ..._max."""
        self._start(self.name, epoch, steps)
        left, right = (
            self._comparable(
                self._embed(model, side, "", batch_size=self.batch_size, show_progress_bar=self.show_progress_bar)
            )
            for side in (self.sentences1, self.sentences2)
        )
        correlations = {}
        for name in self._names(model):
            similarities = row_by_row(name, left, right)
            correlations[name] = {
                "pearson": statistics.pearson(self.scores, similarities),
                "spearman": statistics.spearman(self.scores, similarities),
            }
        metrics = {f"{key}_{name}": value for name, values in correlations.items() for key, value in values.items()}
        metrics |= best_over(correlations, lambda name, key: f"{key}_{name}")
        main = self.main_similarity.value if self.main_similarity else "max" if len(correlations) > 1 else None
        self.primary_metric = f"spearman_{main or next(iter(correlations))}"
        row = {f"{name}_{key}": value for name, values in correlations.items() for key, value in values.items()}
        return self._finish(model, metrics, row, output_path, epoch, steps)

    def _names(self, model: Any) -> list[str]:
        if self.similarity_fn_names is None and self.main_similarity is not None:
            return [self.main_similarity.value]
        return similarity_names(self.similarity_fn_names, model)

    def _comparable(self, embeddings: Any) -> Any:
        """Floats that can be multiplied: bits as 0 and 1, and integers without running over."""
        if self.precision in ("binary", "ubinary"):
            packed = embeddings.view(np.uint8) ^ (0x80 if self.precision == "binary" else 0)
            embeddings = np.unpackbits(packed, axis=1)
        tensor = torch.as_tensor(embeddings)
        return tensor if tensor.is_floating_point() else tensor.float()
