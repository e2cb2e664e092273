"""A transformer with a classification head: pairs of texts -> logits."""

from typing import Any, ClassVar

from .module import Features
from .transformer import Transformer


class SequenceClassifier(Transformer):
    """Writes `scores`, the logits (pairs, labels)."""

    task: ClassVar[str] = "text-classification"

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Run transformer and head on one batch; over packed tokens where that gives the same numbers."""
        packed = self.packed(features, kwargs)
        if packed is not None:
            features["scores"] = packed.class_logits()
            return features
        features["scores"] = self.auto_model(**self.model_inputs(features, kwargs), return_dict=True)["logits"]
        return features
