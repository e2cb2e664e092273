"""Do sparse queries find their relevant documents?"""

from collections.abc import Mapping, Sequence

from ...evaluation.information_retrieval import InformationRetrievalEvaluator, ScoreFunction


class SparseInformationRetrievalEvaluator(InformationRetrievalEvaluator):
    """InformationRetrievalEvaluator on sparse vectors; also active dimensions and expected multiplications (FLOPS)."""

    counts_flops = True

    def __init__(
        self,
        queries: Mapping[str, str],
        corpus: Mapping[str, str],
        relevant_docs: Mapping[str, set[str]],
        corpus_chunk_size: int = 50000,
        mrr_at_k: Sequence[int] = [10],
        ndcg_at_k: Sequence[int] = [10],
        accuracy_at_k: Sequence[int] = [1, 3, 5, 10],
        precision_recall_at_k: Sequence[int] = [1, 3, 5, 10],
        map_at_k: Sequence[int] = [100],
        show_progress_bar: bool = False,
        batch_size: int = 32,
        name: str = "",
        write_csv: bool = True,
        max_active_dims: int | None = None,
        score_functions: Mapping[str, ScoreFunction] | None = None,
        main_score_function: str | None = None,
        query_prompt: str | None = None,
        query_prompt_name: str | None = None,
        corpus_prompt: str | None = None,
        corpus_prompt_name: str | None = None,
        write_predictions: bool = False,
    ) -> None:
        super().__init__(
            queries=queries,
            corpus=corpus,
            relevant_docs=relevant_docs,
            corpus_chunk_size=corpus_chunk_size,
            mrr_at_k=mrr_at_k,
            ndcg_at_k=ndcg_at_k,
            accuracy_at_k=accuracy_at_k,
            precision_recall_at_k=precision_recall_at_k,
            map_at_k=map_at_k,
            show_progress_bar=show_progress_bar,
            batch_size=batch_size,
            name=name,
            write_csv=write_csv,
            score_functions=score_functions,
            main_score_function=main_score_function,
            query_prompt=query_prompt,
            query_prompt_name=query_prompt_name,
            corpus_prompt=corpus_prompt,
            corpus_prompt_name=corpus_prompt_name,
            write_predictions=write_predictions,
        )
        self.measure_sparsity(max_active_dims)
