"""Is the class right that a softmax head gives?"""

from typing import Any

import torch

from ..util.tensor import batch_to_device
from .base import SentenceEvaluator, suffixed


class LabelAccuracyEvaluator(SentenceEvaluator):
    """Accuracy of `softmax_model` (a SoftmaxLoss) over a DataLoader of examples with texts and a label."""

    def __init__(self, dataloader: Any, name: str = "", softmax_model: Any = None, write_csv: bool = True) -> None:
        super().__init__()
        if softmax_model is None:
            raise ValueError("LabelAccuracyEvaluator needs the softmax_model that classifies, such as a SoftmaxLoss")
        self.dataloader, self.name, self.softmax_model, self.write_csv = dataloader, name, softmax_model, write_csv
        self.csv_file = f"accuracy_evaluation{suffixed(name)}_results.csv"
        self.primary_metric = "accuracy"

    def __call__(
        self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
    ) -> dict[str, float]:
        """accuracy."""
        self._start(self.name, epoch, steps)
        model.eval()
        self.softmax_model.eval()
        self.dataloader.collate_fn = lambda examples: _collated(model, examples)
        total, correct = 0, 0
        for features, labels in self.dataloader:
            with torch.no_grad():
                moved = [batch_to_device(column, model.device) for column in features]
                _, logits = self.softmax_model(moved, labels=None)
            correct += int((logits.argmax(dim=1) == labels.to(logits.device)).sum())
            total += len(labels)
        accuracy = correct / total if total else 0.0
        return self._finish(model, {"accuracy": accuracy}, {"accuracy": accuracy}, output_path, epoch, steps)


def _collated(model: Any, examples: list[Any]) -> tuple[list[dict[str, Any]], torch.Tensor]:
    """Features of each column of texts, and the labels."""
    columns = zip(*(example.texts for example in examples), strict=True)
    return [model.tokenize(list(texts)) for texts in columns], torch.tensor([example.label for example in examples])
