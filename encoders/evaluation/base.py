"""What every evaluator does: embed, name its metrics, write them to a csv file and keep them for the model's card."""

import csv
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from .sparsity import Sparsity

logger = logging.getLogger(__name__)

Metrics = dict[str, float]


class SentenceEvaluator:
    """Measures a model. Call it; larger values of `primary_metric` are better where `greater_is_better`."""

    csv_file: str = ""
    write_csv: bool = False
    name: str = ""
    kind: ClassVar[str] = ""
    counts_flops: ClassVar[bool] = False
    max_active_dims: int | None = None

    def __init__(self) -> None:
        self.greater_is_better = True
        self.primary_metric: str | None = None
        self.sparsity: Sparsity | None = None
        self.encode_options: dict[str, Any] = {}

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> float | dict[str, float]:
        """The metrics of this model; a csv row goes into the folder `output_path`."""
        raise NotImplementedError(f"{type(self).__name__} must say in __call__ how it evaluates")

    def embed_inputs(self, model: Any, sentences: Any, **kwargs: Any) -> Any:
        """Embeddings of the texts; a subclass may embed differently."""
        method = getattr(model, f"encode{kwargs.pop('side', '')}")
        return method(sentences, **{**self.encode_options, **kwargs})

    def measure_sparsity(self, max_active_dims: int | None) -> None:
        """Embed as sparse vectors, at most that many dimensions each, and report how sparse they are."""
        self.max_active_dims = max_active_dims
        self.sparsity = Sparsity()
        self.encode_options = {"max_active_dims": max_active_dims, "save_to_cpu": True}

    def prefix_name_to_metrics(self, metrics: Mapping[str, float], name: str) -> Metrics:
        """`name_metric` for every metric, `primary_metric` included; plain floats."""
        plain = {key: float(value) for key, value in metrics.items()}
        if not name:
            return plain
        if self.primary_metric is not None and not self.primary_metric.startswith(f"{name}_"):
            self.primary_metric = f"{name}_{self.primary_metric}"
        return {f"{name}_{key}": value for key, value in plain.items()}

    def store_metrics_in_model_card_data(
        self, model: Any, metrics: Mapping[str, float], epoch: int = 0, step: int = 0
    ) -> None:
        """Keep the metrics for the README.md of the model."""
        model.model_card_data.set_evaluation_metrics(self, metrics, epoch=epoch, step=step)

    @property
    def description(self) -> str:
        """The class's name as words, without Evaluator."""
        stem = re.sub("Evaluator(FromDataFrame)?$", "", type(self).__name__)
        stem = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", stem)
        return self.kind or stem

    def get_config_dict(self) -> dict[str, Any]:
        """What the model's card says about how this evaluator was set up."""
        return {}

    def _start(self, dataset: str, epoch: int, steps: int) -> None:
        when = "" if epoch == -1 else f" in epoch {epoch}" if steps == -1 else f" in epoch {epoch} after {steps} steps"
        logger.info("%s on the %s dataset%s:", type(self).__name__, dataset or "given", when)
        if self.sparsity is not None:
            self.sparsity = Sparsity(counts_flops=self.counts_flops)

    def _embed(self, model: Any, texts: Any, group: str, **options: Any) -> Any:
        """embed_inputs, with the sparsity of the result noted under `group`."""
        embeddings = self.embed_inputs(model, texts, **options)
        if self.sparsity is not None:
            self.sparsity.add(group, embeddings)
        return embeddings

    def _finish(
        self,
        model: Any,
        metrics: Mapping[str, float],
        row: Mapping[str, Any],
        output_path: str | None,
        epoch: int,
        steps: int,
    ) -> Metrics:
        """Name, log, write and store the metrics; `row` is what the csv file gets, by its column names."""
        extra = {} if self.sparsity is None else self.sparsity.metrics()
        named = self.prefix_name_to_metrics({**metrics, **extra}, self.name)
        for key, value in named.items():
            logger.info("%s: %.4f", key, value)
        self._write(output_path, {"epoch": epoch, "steps": steps, **row, **extra})
        self.store_metrics_in_model_card_data(model, named, epoch, steps)
        return named

    def _write(self, output_path: str | None, row: Mapping[str, Any]) -> None:
        if output_path is None or not self.write_csv:
            return
        path = Path(output_path) / self.csv_file
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.is_file()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(row.keys())
            writer.writerow(row.values())


# Its newer name.
BaseEvaluator = SentenceEvaluator


def suffixed(name: str) -> str:
    """`_name` for use in file names, nothing without a name."""
    return f"_{name}" if name else ""


def check_same_length(**columns: Sequence[Any]) -> None:
    """Raise ValueError naming the columns whose lengths differ."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"every row needs all of {', '.join(columns)}, but {found}")
