"""A transformer with a classification head: pairs of texts -> logits."""

from typing import Any, ClassVar

from ..peft_mixin import has_adapters
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

    def get_config_dict(self) -> dict[str, Any]:
        """As 6.x has it; v5 reads a cross-encoder without this file."""
        # Beside an adapter there is no config.json to say how many labels its head has.
        labels = {"config_kwargs": {"num_labels": self.auto_model.config.num_labels}}
        return {
            **super().get_config_dict(),
            "transformer_task": "sequence-classification",
            "modality_config": {"text": {"method": "forward", "method_output_name": "logits"}},
            "module_output_name": "scores",
            **(labels if has_adapters(self.auto_model) else {}),
        }
