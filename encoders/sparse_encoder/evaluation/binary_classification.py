"""Does a threshold on the similarity of sparse vectors tell alike pairs from others?"""

from collections.abc import Sequence

from ...evaluation.binary_classification import BinaryClassificationEvaluator


class SparseBinaryClassificationEvaluator(BinaryClassificationEvaluator):
    """BinaryClassificationEvaluator on sparse vectors; also how many dimensions are active."""

    def __init__(
        self,
        sentences1: Sequence[str],
        sentences2: Sequence[str],
        labels: Sequence[int],
        name: str = "",
        batch_size: int = 32,
        show_progress_bar: bool = False,
        write_csv: bool = True,
        max_active_dims: int | None = None,
        similarity_fn_names: Sequence[str] | None = None,
    ) -> None:
        super().__init__(
            sentences1=sentences1,
            sentences2=sentences2,
            labels=labels,
            name=name,
            batch_size=batch_size,
            show_progress_bar=show_progress_bar,
            write_csv=write_csv,
            similarity_fn_names=similarity_fn_names,
        )
        self.measure_sparsity(max_active_dims)
