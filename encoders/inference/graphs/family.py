"""What a family of models has to know to be written as a graph."""

from dataclasses import dataclass
from typing import Protocol

from ...errors import NotAModel
from ..layout import Config
from .net import Array, Net
from .weights import Weights

# "gelu" is the exact one, by the error function; the others approximate it by tanh.
_CONTRIB = {"gelu": "Gelu", "gelu_new": "FastGelu", "gelu_pytorch_tanh": "FastGelu"}


@dataclass(frozen=True)
class Terms:
    """The head of a masked language model up to its last product: hidden states, and the decoder's weight and bias."""

    hidden: str
    decoder: Array
    bias: Array


class Family(Protocol):
    """One way to lay out an encoder."""

    @property
    def prefix(self) -> str:
        """What a model with a head puts before the names of its backbone's tensors."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """The graph's inputs, int64 of shape (batch, tokens)."""
        ...

    def backbone(self, net: Net, weights: Weights, config: Config, first_only: bool = False) -> str:
        """The hidden states of the last layer, (batch, tokens, hidden).

        `first_only`: the head reads only the first token, so the last layer computes no other: (batch, 1, hidden).
        """
        ...

    def terms(self, net: Net, weights: Weights, config: Config, hidden: str) -> Terms:
        """What stands before the product with the vocabulary."""
        ...

    def classified(self, net: Net, weights: Weights, config: Config, hidden: str) -> str:
        """Class logits, (batch, labels)."""
        ...


def activation(net: Net, name: str, x: str) -> str:
    """The activation that config.json names."""
    if name == "relu":
        return net.op("Relu", x)
    if name not in _CONTRIB:
        raise NotAModel(f"the activation {name!r} is not built here; known are relu, {', '.join(_CONTRIB)}")
    return net.contrib(_CONTRIB[name], x)


def keep_first(net: Net, x: str, axis: int = 1) -> str:
    """The first entry of an axis, which stays: (batch, tokens, hidden) becomes (batch, 1, hidden)."""
    return net.op("Slice", x, net.ints(0), net.ints(1), net.ints(axis))


def first_token(net: Net, hidden: str) -> str:
    """The hidden state of each text's first token, (batch, hidden)."""
    return net.op("Gather", hidden, net.scalar(0), axis=1)
