"""How far is the student from its teacher?"""

from typing import Any

import torch

from .base import SentenceEvaluator, check_same_length, suffixed


class MSEEvaluator(SentenceEvaluator):
    """Mean squared difference between the teacher's embeddings of the sources and the model's of the targets."""

    kind = "Knowledge Distillation"

    def __init__(
        self,
        source_sentences: list[str],
        target_sentences: list[str],
        teacher_model: Any = None,
        show_progress_bar: bool = False,
        batch_size: int = 32,
        name: str = "",
        write_csv: bool = True,
        truncate_dim: int | None = None,
    ) -> None:
        super().__init__()
        if teacher_model is None:
            raise ValueError(f"{type(self).__name__} needs a teacher_model to compare with")
        check_same_length(source_sentences=source_sentences, target_sentences=target_sentences)
        self.source_sentences, self.target_sentences = source_sentences, target_sentences
        self.show_progress_bar, self.batch_size = show_progress_bar, batch_size
        self.name, self.write_csv, self.truncate_dim = name, write_csv, truncate_dim
        self.encode_options = self._options(truncate_dim)
        self.source_embeddings = dense_rows(
            self.embed_inputs(
                teacher_model, source_sentences, batch_size=batch_size, show_progress_bar=show_progress_bar
            )
        )
        self.csv_file = f"mse_evaluation{suffixed(name)}_results.csv"
        self.primary_metric = "negative_mse"

    def _options(self, limit: int | None) -> dict[str, Any]:
        return {"truncate_dim": limit, "convert_to_numpy": True}

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """negative_mse: minus a hundred times the mean squared difference; the csv file has it without the minus."""
        self._start(self.name, epoch, steps)
        targets = self._embed(
            model,
            self.target_sentences,
            "",
            batch_size=self.batch_size,
            show_progress_bar=self.show_progress_bar,
        )
        mse = 100 * mean_squared(self.source_embeddings, dense_rows(targets))
        return self._finish(model, {"negative_mse": -mse}, {"MSE": mse}, output_path, epoch, steps)


def dense_rows(embeddings: Any) -> torch.Tensor:
    """As a dense tensor on the CPU."""
    return torch.as_tensor(embeddings).to_dense().cpu()


def mean_squared(left: torch.Tensor, right: torch.Tensor) -> float:
    """The mean of the squared differences."""
    return float(((left - right) ** 2).mean())
