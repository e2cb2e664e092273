"""The losses of `CrossEncoder.fit`: any function of logits and labels."""

from typing import Any

from torch import Tensor

from .pointwise import BinaryCrossEntropyLoss, CrossEntropyLoss, OneByOneLoss


class LossOfFit(OneByOneLoss):
    """`loss_fct(activation(logits), labels)`, for a model with any number of labels."""

    one_label = False

    def compared(self, inputs: list[list[str]], labels: Tensor) -> tuple[Tensor, Tensor]:
        """One score and a float label a pair, or a row of logits and a class."""
        logits = self.logits(list(zip(*inputs, strict=True)))
        if self.model.num_labels == 1:
            return self.activation_fn(logits.view(-1)), labels.float()
        return self.activation_fn(logits), labels.long()


def loss_of_fit(model: Any, loss_fct: Any, activation_fn: Any) -> Any:
    """The loss that `fit` means: the given function, or (binary) cross entropy."""
    if loss_fct is not None:
        return LossOfFit(model, activation_fn, loss_fct)
    return (BinaryCrossEntropyLoss if model.num_labels == 1 else CrossEntropyLoss)(model, activation_fn)
