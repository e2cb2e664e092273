"""Do relevant documents come first by sparse similarity?"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from ...evaluation.reranking import RerankingEvaluator, Sample
from ...util.similarity import cos_sim


class SparseRerankingEvaluator(RerankingEvaluator):
    """RerankingEvaluator on sparse vectors; also how many dimensions are active."""

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
        max_active_dims: int | None = None,
        mrr_at_k: int | None = None,
    ) -> None:
        super().__init__(
            samples=samples,
            at_k=at_k,
            name=name,
            write_csv=write_csv,
            similarity_fct=similarity_fct,
            batch_size=batch_size,
            show_progress_bar=show_progress_bar,
            use_batched_encoding=use_batched_encoding,
            mrr_at_k=mrr_at_k,
        )
        self.measure_sparsity(max_active_dims)
