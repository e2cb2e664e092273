"""A transformer with a classification head: pairs of texts -> logits."""

from typing import Any, ClassVar

from .module import Features
from .transformer import Transformer


class SequenceClassifier(Transformer):
    """Writes `scores`, the logits (pairs, labels)."""

    task: ClassVar[str] = "text-classification"

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Run transformer and head on one batch."""
        features["scores"] = self.auto_model(**self.model_inputs(features, kwargs), return_dict=True)["logits"]
        return features
