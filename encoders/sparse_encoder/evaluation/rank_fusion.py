"""Is a dense and a sparse ranking better together?"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...evaluation.base import SentenceEvaluator, suffixed
from ...evaluation.given_order import given_order
from ...evaluation.reranking import means

Sample = Mapping[str, Any]


class ReciprocalRankFusionEvaluator(SentenceEvaluator):
    """MAP, MRR and NDCG of two rankings and of their reciprocal rank fusion (Cormack et al. 2009).

    Samples are {query_id, query, positive, documents}, the documents as ranked by each model. No model is run.
    """

    kind = "Reciprocal Rank Fusion"

    def __init__(
        self,
        dense_samples: Sequence[Sample] | Mapping[str, Sample],
        sparse_samples: Sequence[Sample] | Mapping[str, Sample],
        at_k: int = 10,
        rrf_k: int = 60,
        name: str = "",
        batch_size: int = 32,
        show_progress_bar: bool = False,
        write_csv: bool = True,
        write_predictions: bool = False,
    ) -> None:
        super().__init__()
        self.dense_samples, self.sparse_samples = _by_query(dense_samples), _by_query(sparse_samples)
        if not (shared := set(self.dense_samples) & set(self.sparse_samples)):
            raise ValueError("dense_samples and sparse_samples have no query_id in common")
        self.query_ids = [query for query in self.dense_samples if query in shared]
        self.at_k, self.rrf_k, self.name = at_k, rrf_k, name
        self.batch_size, self.show_progress_bar = batch_size, show_progress_bar
        self.write_csv, self.write_predictions = write_csv, write_predictions
        self.csv_file = f"ReciprocalRankFusion_evaluation{suffixed(name)}_results.csv"
        self.predictions_file = f"ReciprocalRankFusion_evaluation{suffixed(name)}_predictions.jsonl"
        self.primary_metric = f"ndcg@{at_k}"

    def __call__(  # type: ignore[override]
        self, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """dense_, sparse_ and fused metrics: map, mrr@k, ndcg@k."""
        self._start(self.name, epoch, steps)
        rankings = {"dense_": self.dense_samples, "sparse_": self.sparse_samples, "": self._fused()}
        metrics: dict[str, float] = {}
        for prefix, samples in rankings.items():
            values = [given_order(samples[query], self.at_k) for query in self.query_ids]
            metrics |= {f"{prefix}{key}": value for key, value in means(values).items()}
        row = {"epoch": epoch, "steps": steps} | {_column(key): value for key, value in metrics.items()}
        self._write(output_path, row)
        if output_path is not None and self.write_predictions:
            self._write_predictions(Path(output_path), rankings[""])
        return self.prefix_name_to_metrics(metrics, self.name)

    def _fused(self) -> dict[str, Sample]:
        fused: dict[str, Sample] = {}
        for query in self.query_ids:
            rankings = [side[query]["documents"] for side in (self.dense_samples, self.sparse_samples)]
            places = [{document: place for place, document in enumerate(ranking, 1)} for ranking in rankings]
            # What one ranking lacks stands just behind its last.
            scores = {
                document: sum(1 / (self.rrf_k + place.get(document, len(place) + 1)) for place in places)
                for document in dict.fromkeys(document for ranking in rankings for document in ranking)
            }
            best = sorted(scores, key=lambda document: scores[document], reverse=True)
            fused[query] = {**self.dense_samples[query], "documents": best}
        return fused

    def _write_predictions(self, folder: Path, fused: Mapping[str, Sample]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / self.predictions_file).open("w", encoding="utf-8") as file:
            for query, sample in fused.items():
                shown = {"query_id": query, **{key: sample[key] for key in ("query", "positive", "documents")}}
                file.write(json.dumps(shown) + "\n")


def _by_query(samples: Sequence[Sample] | Mapping[str, Sample]) -> dict[str, Sample]:
    if isinstance(samples, Mapping):
        return {query: {"query_id": query, **sample} for query, sample in samples.items()}
    return {sample["query_id"]: sample for sample in samples}


def _column(key: str) -> str:
    side, _, metric = key.rpartition("_")
    return f"{side.capitalize() or 'Fusion'}_{metric.upper()}"
