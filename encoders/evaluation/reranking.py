"""Do relevant documents come before others that look alike?"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..renames import warn_renamed
from ..util.similarity import cos_sim
from . import statistics
from .base import SentenceEvaluator, suffixed

Sample = Mapping[str, Any]


class RerankingEvaluator(SentenceEvaluator):
    """MAP, MRR and NDCG of the documents of each sample, {query, positive, negative}, ranked by similarity."""

    def __init__(
        self,
        samples: Sequence[Sample] | Mapping[str, Sample],
        at_k: int = 10,
        name: str = "",
        write_csv: bool = True,
        similarity_fct: Callable[[Any, Any], Tensor] = cos_sim,
        batch_size: int = 64,
        show_progress_bar: bool = False,
        use_batched_encoding: bool = True,
        truncate_dim: int | None = None,
        mrr_at_k: int | None = None,
    ) -> None:
        super().__init__()
        if mrr_at_k is not None:
            warn_renamed(type(self).__name__, "mrr_at_k", "at_k")
            at_k = mrr_at_k
        given = samples.values() if isinstance(samples, Mapping) else samples
        self.samples = [sample for sample in given if len(sample["positive"]) and len(sample["negative"])]
        self.at_k, self.name, self.write_csv = at_k, name, write_csv
        self.similarity_fct, self.batch_size, self.show_progress_bar = similarity_fct, batch_size, show_progress_bar
        self.use_batched_encoding, self.truncate_dim = use_batched_encoding, truncate_dim
        self.encode_options = {"truncate_dim": truncate_dim, "convert_to_tensor": True}
        self.csv_file = f"RerankingEvaluator{suffixed(name)}_results_@{at_k}.csv"
        self.primary_metric = f"ndcg@{at_k}"

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """map, mrr@k and ndcg@k."""
        self._start(self.name, epoch, steps)
        if not self.samples:
            raise ValueError(f"no sample of {self.name or 'this evaluator'} has both positive and negative texts")
        values = [ranking_metrics(*ranked, self.at_k) for ranked in self._ranked(model)]
        metrics = means(values)
        return self._finish(model, metrics, csv_row(metrics), output_path, epoch, steps)

    def _ranked(self, model: Any) -> list[tuple[list[int], Any]]:
        """Labels and scores of the documents of each sample; all texts embedded at once, or sample by sample."""
        if not self.use_batched_encoding:
            return [ranked for sample in self.samples for ranked in self._scored(model, [sample])]
        return self._scored(model, self.samples)

    def _scored(self, model: Any, samples: Sequence[Sample]) -> list[tuple[list[int], Any]]:
        options = {"batch_size": self.batch_size, "show_progress_bar": self.show_progress_bar}
        documents = [[*sample["positive"], *sample["negative"]] for sample in samples]
        queries = self._embed(model, [sample["query"] for sample in samples], "query", side="_query", **options)
        texts = [text for some in documents for text in some]
        embeddings = self._embed(model, texts, "corpus", side="_document", **options)
        ranked, start = [], 0
        for row, (sample, some) in enumerate(zip(samples, documents, strict=True)):
            places = torch.arange(start, start + len(some), device=embeddings.device)
            query = torch.index_select(queries, 0, torch.tensor([row], device=queries.device))
            scores = self.similarity_fct(query, torch.index_select(embeddings, 0, places))
            positives = len(sample["positive"])
            labels = [1] * positives + [0] * (len(some) - positives)
            ranked.append((labels, scores.to_dense().flatten().float().cpu().numpy()))
            start += len(some)
        return ranked


def ranking_metrics(labels: Sequence[int], scores: Any, k: int) -> dict[str, float]:
    """MAP over all documents, MRR and NDCG of the first k."""
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    first = next((place for place, index in enumerate(order[:k], 1) if labels[index]), None)
    return {
        "map": statistics.average_precision(labels, scores),
        f"mrr@{k}": 1 / first if first else 0.0,
        f"ndcg@{k}": statistics.ndcg(labels, scores, k),
    }


def means(values: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Each metric's mean over the queries."""
    return {key: float(np.mean([value[key] for value in values])) for key in values[0]}


def csv_row(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics under their names in the csv file."""
    return {key.upper(): value for key, value in metrics.items()}
