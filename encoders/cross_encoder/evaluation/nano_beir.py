"""Reranking of BM25's best documents over thirteen small BEIR collections."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...evaluation import nano_beir_data
from ...evaluation.base import SentenceEvaluator, suffixed
from ...evaluation.reranking import csv_row
from .reranking import CrossEncoderRerankingEvaluator


class CrossEncoderNanoBEIREvaluator(SentenceEvaluator):
    """CrossEncoderRerankingEvaluator on each collection; `dataset_id` may be a local folder where the hub is closed."""

    kind = "Cross Encoder Nano BEIR"

    def __init__(
        self,
        dataset_names: Sequence[str] | None = None,
        dataset_id: str = nano_beir_data.DATASET_ID,
        rerank_k: int = 100,
        at_k: int = 10,
        always_rerank_positives: bool = True,
        batch_size: int = 32,
        show_progress_bar: bool = False,
        write_csv: bool = True,
        aggregate_fn: Callable[[list[float]], float] = np.mean,
        aggregate_key: str = "mean",
    ) -> None:
        super().__init__()
        self.dataset_names = nano_beir_data.checked_names(dataset_names)
        self.rerank_k, self.at_k, self.always_rerank_positives = rerank_k, at_k, always_rerank_positives
        self.batch_size, self.show_progress_bar, self.write_csv = batch_size, show_progress_bar, write_csv
        self.aggregate_fn, self.aggregate_key, self.dataset_id = aggregate_fn, aggregate_key, dataset_id
        self.name = f"NanoBEIR_R{rerank_k}{suffixed(aggregate_key)}"
        self.csv_file = f"NanoBEIR_evaluation{suffixed(aggregate_key)}_results.csv"
        self.primary_metric = f"ndcg@{at_k}"
        self.evaluators = [self._one(name) for name in self.dataset_names]

    def _one(self, name: str) -> CrossEncoderRerankingEvaluator:
        data = nano_beir_data.load(self.dataset_id, name, with_candidates=True)
        samples = [
            {
                "query": data.queries[query],
                "positive": [data.corpus[document] for document in sorted(data.relevant[query])],
                "documents": [data.corpus[document] for document in candidates[: self.rerank_k]],
            }
            for query, candidates in data.candidates.items()
            if data.relevant.get(query)
        ]
        return CrossEncoderRerankingEvaluator(
            samples,
            at_k=self.at_k,
            always_rerank_positives=self.always_rerank_positives,
            name=f"{nano_beir_data.title(name)}_R{self.rerank_k}",
            batch_size=self.batch_size,
            show_progress_bar=self.show_progress_bar,
            write_csv=self.write_csv,
        )

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """The metrics of each collection, and NanoBEIR_R{rerank_k}_{aggregate_key}_{metric} over all."""
        self._start(self.name, epoch, steps)
        metrics: dict[str, float] = {}
        parts: dict[str, list[float]] = {}
        for evaluator in self.evaluators:
            found = evaluator(model, output_path, epoch, steps)
            metrics |= found
            for key, value in found.items():
                parts.setdefault(key.removeprefix(f"{evaluator.name}_"), []).append(value)
        means = {key: float(self.aggregate_fn(values)) for key, values in parts.items()}
        row = csv_row({key: value for key, value in means.items() if not key.startswith("base_")})
        return metrics | self._finish(model, means, row, output_path, epoch, steps)
