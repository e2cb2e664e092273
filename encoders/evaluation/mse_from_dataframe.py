"""How far is a multilingual student from its teacher, by pair of languages?"""

from collections.abc import Sequence
from typing import Any

import torch

from .base import SentenceEvaluator, suffixed
from .mse import dense_rows, mean_squared


class MSEEvaluatorFromDataFrame(SentenceEvaluator):
    """Like MSEEvaluator over rows of {language: text}, for each (source, target) pair of languages."""

    kind = "Knowledge Distillation"

    def __init__(
        self,
        dataframe: list[dict[str, str]],
        teacher_model: Any,
        combinations: Sequence[tuple[str, str]],
        batch_size: int = 8,
        name: str = "",
        write_csv: bool = True,
        truncate_dim: int | None = None,
    ) -> None:
        super().__init__()
        self.combinations, self.batch_size, self.name = combinations, batch_size, name
        self.write_csv, self.truncate_dim = write_csv, truncate_dim
        self.encode_options = {"truncate_dim": truncate_dim, "convert_to_numpy": True}
        self.csv_file = f"mse_evaluation{suffixed(name)}_results.csv"
        self.primary_metric = "negative_mse"
        self.data = {pair: _filled(dataframe, *pair) for pair in combinations}
        sources = list(dict.fromkeys(text for rows in self.data.values() for text, _ in rows))
        embeddings = dense_rows(self.embed_inputs(teacher_model, sources, batch_size=batch_size))
        self.teacher_embeddings = dict(zip(sources, embeddings, strict=True))

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """negative_mse over all pairs of languages; the csv file has each pair's own."""
        self._start(self.name, epoch, steps)
        row = {}
        for source, target in self.combinations:
            rows = self.data[source, target]
            students = dense_rows(self.embed_inputs(model, [text for _, text in rows], batch_size=self.batch_size))
            teachers = torch.stack([self.teacher_embeddings[text] for text, _ in rows])
            row[f"{source}-{target}"] = 100 * mean_squared(teachers, students)
        mean = sum(row.values()) / len(row)
        return self._finish(model, {"negative_mse": -mean}, row, output_path, epoch, steps)


def _filled(rows: list[dict[str, str]], source: str, target: str) -> list[tuple[str, str]]:
    """Pairs where both languages have a text."""
    found = [(row[source], row[target]) for row in rows if row[source].strip() and row[target].strip()]
    if not found:
        raise ValueError(f"no row has a text in both {source!r} and {target!r}")
    return found
