"""Does a text find its own translation, as sparse vectors?"""

from ...evaluation.translation import TranslationEvaluator


class SparseTranslationEvaluator(TranslationEvaluator):
    """TranslationEvaluator on sparse vectors; also how many dimensions are active."""

    def __init__(
        self,
        source_sentences: list[str],
        target_sentences: list[str],
        show_progress_bar: bool = False,
        batch_size: int = 16,
        name: str = "",
        print_wrong_matches: bool = False,
        write_csv: bool = True,
        max_active_dims: int | None = None,
    ) -> None:
        super().__init__(
            source_sentences=source_sentences,
            target_sentences=target_sentences,
            show_progress_bar=show_progress_bar,
            batch_size=batch_size,
            name=name,
            print_wrong_matches=print_wrong_matches,
            write_csv=write_csv,
        )
        self.measure_sparsity(max_active_dims)
