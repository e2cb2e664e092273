"""Retrieval over thirteen small BEIR collections, and the mean over them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from . import nano_beir_data
from .base import SentenceEvaluator, suffixed
from .information_retrieval import InformationRetrievalEvaluator, ScoreFunction
from .sparsity import Sparsity

Prompts = str | Mapping[str, str] | None


class NanoBEIREvaluator(SentenceEvaluator):
    """InformationRetrievalEvaluator on each collection; `dataset_id` may be a local folder where the hub is closed."""

    # An attribute: the sparse evaluator runs another one on each collection.
    evaluator_class: ClassVar[Callable[..., InformationRetrievalEvaluator]] = InformationRetrievalEvaluator
    kind = "Nano BEIR"

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
        truncate_dim: int | None = None,
        score_functions: Mapping[str, ScoreFunction] | None = None,
        main_score_function: str | None = None,
        aggregate_fn: Callable[[list[float]], float] = np.mean,
        aggregate_key: str = "mean",
        query_prompts: Prompts = None,
        corpus_prompts: Prompts = None,
        write_predictions: bool = False,
    ) -> None:
        super().__init__()
        self.dataset_names = nano_beir_data.checked_names(dataset_names)
        self.aggregate_fn, self.aggregate_key = aggregate_fn, aggregate_key
        self.write_csv, self.truncate_dim, self.dataset_id = write_csv, truncate_dim, dataset_id
        limit = next(iter(self._limit().values()))
        cut = "" if limit is None else f"_{limit}"
        self.name = f"NanoBEIR{suffixed(aggregate_key)}{cut}"
        self.csv_file = f"NanoBEIR_evaluation{suffixed(aggregate_key)}_results.csv"
        query_prompts, corpus_prompts = (
            _by_name(given, self.dataset_names) for given in (query_prompts, corpus_prompts)
        )
        options = {
            "mrr_at_k": mrr_at_k,
            "ndcg_at_k": ndcg_at_k,
            "accuracy_at_k": accuracy_at_k,
            "precision_recall_at_k": precision_recall_at_k,
            "map_at_k": map_at_k,
            "show_progress_bar": show_progress_bar,
            "batch_size": batch_size,
            "write_csv": write_csv,
            "score_functions": score_functions,
            "main_score_function": main_score_function,
            "write_predictions": write_predictions,
            **self._limit(),
        }
        self.evaluators = []
        for name in self.dataset_names:
            data = nano_beir_data.load(dataset_id, name)
            self.evaluators.append(
                type(self).evaluator_class(
                    data.queries,
                    data.corpus,
                    data.relevant,
                    name=nano_beir_data.title(name) + cut,
                    query_prompt=query_prompts.get(name),
                    corpus_prompt=corpus_prompts.get(name),
                    **options,
                )
            )

    def _limit(self) -> dict[str, Any]:
        return {"truncate_dim": self.truncate_dim}

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1, *args: Any, **kwargs: Any
    ) -> dict[str, float]:
        """The metrics of each collection, and NanoBEIR_{aggregate_key}_{score function}_{metric}@{k} over all."""
        self._start(self.name, epoch, steps)
        metrics: dict[str, float] = {}
        parts: dict[str, list[float]] = {}
        for evaluator in self.evaluators:
            found = evaluator(model, output_path, epoch, steps, *args, **kwargs)
            metrics |= found
            for key, value in found.items():
                parts.setdefault(key.removeprefix(f"{evaluator.name}_"), []).append(value)
        means = {key: float(self.aggregate_fn(values)) for key, values in parts.items()}
        first = self.evaluators[0]
        self.primary_metric = _primary(means, first)
        counted = [evaluator.sparsity for evaluator in self.evaluators if evaluator.sparsity is not None]
        self.sparsity = Sparsity.joined(counted) if counted else None
        own = self._finish(model, means, _row(means, first), output_path, epoch, steps)
        return metrics | own


def _by_name(given: Prompts, names: Sequence[str]) -> dict[str, str]:
    """The prompt of each collection: one for all, or by name."""
    if given is None or isinstance(given, str):
        return dict.fromkeys(names, given) if given else {}
    lowered = {name.lower(): prompt for name, prompt in given.items()}
    if missing := [name for name in names if name.lower() not in lowered]:
        raise ValueError(f"the prompts lack {', '.join(missing)}; give one text for all or one for each dataset")
    return {name: lowered[name.lower()] for name in names}


def _primary(means: Mapping[str, float], evaluator: InformationRetrievalEvaluator) -> str:
    ndcg = f"_ndcg@{max(evaluator.cuts.ndcg)}"
    if evaluator.main_score_function:
        return evaluator.main_score_function + ndcg
    return max((key for key in means if key.endswith(ndcg)), key=lambda key: means[key])


def _row(means: Mapping[str, float], evaluator: InformationRetrievalEvaluator) -> dict[str, float]:
    columns = evaluator.cuts.columns()
    deepest = f"_ndcg@{max(evaluator.cuts.ndcg)}"
    functions = [key.removesuffix(deepest) for key in means if key.endswith(deepest)]
    row = {f"{name}-{column}": means[f"{name}_{key}"] for name in functions for column, key in columns.items()}
    statistics = {key: value for key, value in means.items() if key.endswith(("_dims", "_ratio", "_flops"))}
    return row | statistics
