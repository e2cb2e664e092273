"""Is the anchor closer to the positive than to the negative, as sparse vectors?"""

from collections.abc import Mapping, Sequence

from ...evaluation.triplet import TripletEvaluator
from ...similarity_functions import SimilarityFunction


class SparseTripletEvaluator(TripletEvaluator):
    """TripletEvaluator on sparse vectors; also how many dimensions are active in each column."""

    def __init__(
        self,
        anchors: Sequence[str],
        positives: Sequence[str],
        negatives: Sequence[str],
        main_similarity_function: str | SimilarityFunction | None = None,
        margin: float | Mapping[str, float] | None = None,
        name: str = "",
        batch_size: int = 16,
        show_progress_bar: bool = False,
        write_csv: bool = True,
        max_active_dims: int | None = None,
        similarity_fn_names: Sequence[str] | None = None,
        main_distance_function: str | SimilarityFunction | None = "deprecated",
    ) -> None:
        super().__init__(
            anchors=anchors,
            positives=positives,
            negatives=negatives,
            main_similarity_function=main_similarity_function,
            margin=margin,
            name=name,
            batch_size=batch_size,
            show_progress_bar=show_progress_bar,
            write_csv=write_csv,
            similarity_fn_names=similarity_fn_names,
            main_distance_function=main_distance_function,
        )
        self.measure_sparsity(max_active_dims)
