"""Does the cross-encoder put relevant documents first?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...evaluation.base import SentenceEvaluator, suffixed
from ...evaluation.given_order import given_order
from ...evaluation.reranking import Sample, csv_row, means, ranking_metrics
from ...renames import warn_renamed


class CrossEncoderRerankingEvaluator(SentenceEvaluator):
    """MAP, MRR and NDCG of reranked samples: {query, positive, negative} or {query, positive, documents}.

    `documents` are a first ranking, whose metrics are given, too (`base_...`). Its missing positives are added before
    reranking if `always_rerank_positives`; otherwise only the documents are reranked.
    """

    def __init__(
        self,
        samples: Sequence[Sample] | Mapping[str, Sample],
        at_k: int = 10,
        always_rerank_positives: bool = True,
        name: str = "",
        batch_size: int = 64,
        show_progress_bar: bool = False,
        write_csv: bool = True,
        mrr_at_k: int | None = None,
    ) -> None:
        super().__init__()
        if mrr_at_k is not None:
            warn_renamed(type(self).__name__, "mrr_at_k", "at_k")
            at_k = mrr_at_k
        self.samples = list(samples.values() if isinstance(samples, Mapping) else samples)
        self.at_k, self.always_rerank_positives, self.name = at_k, always_rerank_positives, name
        self.batch_size, self.show_progress_bar, self.write_csv = batch_size, show_progress_bar, write_csv
        self.csv_file = f"CrossEncoderRerankingEvaluator{suffixed(name)}_results_@{at_k}.csv"
        self.primary_metric = f"ndcg@{at_k}"

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """map, mrr@k, ndcg@k; with `documents` also base_map, base_mrr@k, base_ndcg@k."""
        self._start(self.name, epoch, steps)
        reranked, base = [], []
        for sample, scores in zip(self.samples, self._scores(model), strict=True):
            labels = [int(document in sample["positive"]) for document in self._candidates(sample)]
            reranked.append(ranking_metrics(labels, scores, self.at_k))
            if "documents" in sample:
                base.append(given_order(sample, self.at_k))
        metrics = means(reranked)
        row = csv_row(metrics)
        if base:
            metrics |= {f"base_{key}": value for key, value in means(base).items()}
        return self._finish(model, metrics, row, output_path, epoch, steps)

    def _candidates(self, sample: Sample) -> list[str]:
        if "documents" not in sample:
            return [*sample["positive"], *sample["negative"]]
        if not self.always_rerank_positives:
            return list(sample["documents"])
        return [*sample["positive"], *(text for text in sample["documents"] if text not in sample["positive"])]

    def _scores(self, model: Any) -> list[Any]:
        """The scores of the candidates of each sample; all pairs are scored in one go, as that pads least."""
        lists = [self._candidates(sample) for sample in self.samples]
        pairs = [(s["query"], text) for s, texts in zip(self.samples, lists, strict=True) for text in texts]
        scores = model.predict(
            pairs, batch_size=self.batch_size, show_progress_bar=self.show_progress_bar, convert_to_numpy=True
        )
        return np.split(scores, np.cumsum([len(texts) for texts in lists])[:-1])
