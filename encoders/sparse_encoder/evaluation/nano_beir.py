"""Sparse retrieval over thirteen small BEIR collections."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...evaluation import nano_beir_data
from ...evaluation.information_retrieval import ScoreFunction
from ...evaluation.nano_beir import NanoBEIREvaluator, Prompts
from .information_retrieval import SparseInformationRetrievalEvaluator


class SparseNanoBEIREvaluator(NanoBEIREvaluator):
    """NanoBEIREvaluator on sparse vectors; also active dimensions and expected multiplications (FLOPS)."""

    kind = "Sparse Nano BEIR"

    evaluator_class = SparseInformationRetrievalEvaluator

    def __init__(
        self,
        dataset_names: Sequence[str] | None = None,
        dataset_id: str = nano_beir_data.DATASET_ID,
        mrr_at_k: Sequence[int] = [10],
        ndcg_at_k: Sequence[int] = [10],
        accuracy_at_k: Sequence[int] = [1, 3, 5, 10],
        precision_recall_at_k: Sequence[int] = [1, 3, 5, 10],
        map_at_k: Sequence[int] = [100],
        show_progress_bar: bool = False,
        batch_size: int = 32,
        write_csv: bool = True,
        max_active_dims: int | None = None,
        score_functions: Mapping[str, ScoreFunction] | None = None,
        main_score_function: str | None = None,
        aggregate_fn: Callable[[list[float]], float] = np.mean,
        aggregate_key: str = "mean",
        query_prompts: Prompts = None,
        corpus_prompts: Prompts = None,
        write_predictions: bool = False,
    ) -> None:
        self.max_active_dims = max_active_dims
        super().__init__(
            dataset_names=dataset_names,
            mrr_at_k=mrr_at_k,
            ndcg_at_k=ndcg_at_k,
            accuracy_at_k=accuracy_at_k,
            precision_recall_at_k=precision_recall_at_k,
            map_at_k=map_at_k,
            show_progress_bar=show_progress_bar,
            batch_size=batch_size,
            write_csv=write_csv,
            score_functions=score_functions,
            main_score_function=main_score_function,
            aggregate_fn=aggregate_fn,
            aggregate_key=aggregate_key,
            query_prompts=query_prompts,
            corpus_prompts=corpus_prompts,
            write_predictions=write_predictions,
            dataset_id=dataset_id,
        )

    def _limit(self) -> dict[str, Any]:
        return {"max_active_dims": self.max_active_dims}
