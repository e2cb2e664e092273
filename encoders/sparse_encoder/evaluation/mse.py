"""How far is a sparse student from its teacher?"""

from typing import Any

from ...evaluation.mse import MSEEvaluator


class SparseMSEEvaluator(MSEEvaluator):
    """MSEEvaluator on sparse vectors; also how many dimensions are active."""

    def __init__(
        self,
        source_sentences: list[str],
        target_sentences: list[str],
        teacher_model: Any = None,
        show_progress_bar: bool = False,
        batch_size: int = 32,
        name: str = "",
        write_csv: bool = True,
        max_active_dims: int | None = None,
    ) -> None:
        super().__init__(
            truncate_dim=max_active_dims,
            source_sentences=source_sentences,
            target_sentences=target_sentences,
            teacher_model=teacher_model,
            show_progress_bar=show_progress_bar,
            batch_size=batch_size,
            name=name,
            write_csv=write_csv,
        )
        self.measure_sparsity(max_active_dims)

    def _options(self, limit: int | None) -> dict[str, Any]:
        # The teacher is embedded while the parent is set up, which is before measure_sparsity.
        return {"max_active_dims": limit, "save_to_cpu": True}
