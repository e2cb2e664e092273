"""Does a text find its own translation?"""

import logging
from typing import Any

import numpy as np

from ..util.similarity import cos_sim
from .base import SentenceEvaluator, check_same_length, suffixed

logger = logging.getLogger(__name__)


class TranslationEvaluator(SentenceEvaluator):
    """The share of sources whose nearest target is their own, and the other way round."""

    def __init__(
        self,
        source_sentences: list[str],
        target_sentences: list[str],
        show_progress_bar: bool = False,
        batch_size: int = 16,
        name: str = "",
        print_wrong_matches: bool = False,
        write_csv: bool = True,
        truncate_dim: int | None = None,
    ) -> None:
        super().__init__()
        check_same_length(source_sentences=source_sentences, target_sentences=target_sentences)
        self.source_sentences, self.target_sentences = source_sentences, target_sentences
        self.show_progress_bar, self.batch_size, self.name = show_progress_bar, batch_size, name
        self.print_wrong_matches, self.write_csv, self.truncate_dim = print_wrong_matches, write_csv, truncate_dim
        self.encode_options = {"truncate_dim": truncate_dim, "convert_to_tensor": True}
        self.csv_file = f"translation_evaluation{suffixed(name)}_results.csv"
        self.primary_metric = "mean_accuracy"

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """src2trg_accuracy, trg2src_accuracy, and their mean."""
        self._start(self.name, epoch, steps)
        sources, targets = (
            self._embed(model, texts, "", batch_size=self.batch_size, show_progress_bar=self.show_progress_bar)
            for texts in (self.source_sentences, self.target_sentences)
        )
        similarities = cos_sim(sources, targets).detach().cpu().numpy()
        own = np.arange(len(similarities))
        nearest = similarities.argmax(axis=1)
        if self.print_wrong_matches:
            for wrong in np.flatnonzero(nearest != own).tolist():
                self._print_wrong(wrong, similarities[wrong])
        forward, backward = float((nearest == own).mean()), float((similarities.argmax(axis=0) == own).mean())
        metrics = {
            "src2trg_accuracy": forward,
            "trg2src_accuracy": backward,
            "mean_accuracy": (forward + backward) / 2,
        }
        row = {"src2trg": forward, "trg2src": backward}
        return self._finish(model, metrics, row, output_path, epoch, steps)

    def _print_wrong(self, row: int, scores: np.ndarray[Any, Any]) -> None:
        best = np.argsort(-scores, kind="stable")[:5]
        print(f"source {row} finds target {best[0]} instead of its own:\n  {self.source_sentences[row]}")
        for place in dict.fromkeys([*best.tolist(), row]):
            print(f"  {place} {scores[place]:.4f} {self.target_sentences[place]}")
