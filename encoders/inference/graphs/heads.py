"""What is read at the end of the pipe: a pooled vector, or vocabulary weights."""

from typing import Any

from ...errors import NotAModel
from ..description import ModelDescription
from .family import Terms, first_token
from .net import Net
from .weights import load_weights

# The vocabulary is multiplied in slices, so that the logits of all tokens never stand in memory at once.
_VOCABULARY_SLICE = 4096
_ACTIVATIONS = {"Tanh": "Tanh", "ReLU": "Relu", "Sigmoid": "Sigmoid", "Identity": "Identity"}


def pooled(net: Net, description: ModelDescription, hidden: str) -> str:
    """One vector a text: pooling, linear layers, and normalisation to length 1 where the model has it."""
    parts = [_pool(net, mode, hidden) for mode in description.pooling]
    vector = parts[0] if len(parts) == 1 else net.op("Concat", *parts, axis=-1)
    for layer in description.dense_layers:
        tensors = load_weights(description.folder / layer.folder / "model.safetensors", "")
        vector = net.linear(vector, layer.folder, tensors["linear.weight"], tensors.get("linear.bias"))
        vector = net.op(_known_activation(layer.activation), vector)
    if description.normalize:
        length = net.op("ReduceL2", vector, net.ints(-1), keepdims=1)
        vector = net.op("Div", vector, net.op("Max", length, net.constant("tiny", 1e-12)))
    return vector


def splade(net: Net, description: ModelDescription, terms: Terms) -> str:
    """Term weights log(1 + relu(max over tokens of the logits)): SPLADE-max, Formal et al. 2021, equation 6.

    The logarithm and relu are monotone, so the maximum is taken first. A padded token is replaced by the text's first
    token, which leaves every maximum as it is and the logits unmasked. The decoder's bias is the same for all tokens
    and is added after the maximum.
    """
    hidden = terms.hidden
    present = net.op("Unsqueeze", net.op("Cast", "attention_mask", to=9), net.ints(-1))
    first = net.op("Slice", hidden, net.ints(0), net.ints(1), net.ints(1))
    hidden = net.op("Where", present, hidden, first)
    maxima = _vocabulary_maxima(net, hidden, terms.decoder)
    term = net.op("Add", maxima, net.constant("mlm.bias", terms.bias))
    term = net.op("Log", net.op("Add", net.op("Relu", term), net.constant("one", 1.0)))
    if description.pooling[-1] == "log1p_relu":
        term = net.op("Log", net.op("Add", term, net.constant("one", 1.0)))
    return term


def _vocabulary_maxima(net: Net, hidden: str, decoder: Any) -> str:
    parts = []
    for start in range(0, len(decoder), _VOCABULARY_SLICE):
        logits = net.linear(hidden, f"mlm.decoder.{start}", decoder[start : start + _VOCABULARY_SLICE], None)
        parts.append(net.op("ReduceMax", logits, net.ints(1), keepdims=0))
    return net.op("Concat", *parts, axis=-1)


def _pool(net: Net, mode: str, hidden: str) -> str:
    if mode == "cls":
        return first_token(net, hidden)
    mask = net.op("Cast", "attention_mask", to=1)
    if mode in {"mean", "mean_sqrt_len"}:
        summed = net.op("Squeeze", net.op("MatMul", net.op("Unsqueeze", mask, net.ints(1)), hidden), net.ints(1))
        count = net.op("ReduceSum", mask, net.ints(1), keepdims=1)
        count = net.op("Max", count, net.constant("tiny_count", 1e-9))
        return net.op("Div", summed, count if mode == "mean" else net.op("Sqrt", count))
    if mode == "max":
        gap = net.op("Mul", net.op("Sub", net.constant("one", 1.0), mask), net.constant("huge", -1e9))
        return net.op(
            "ReduceMax", net.op("Add", hidden, net.op("Unsqueeze", gap, net.ints(-1))), net.ints(1), keepdims=0
        )
    raise NotAModel(f"pooling {mode!r} runs with torch only; open the model with backend='torch'")


def _known_activation(name: str) -> str:
    if name not in _ACTIVATIONS:
        raise NotAModel(f"the activation {name!r} runs with torch only; open the model with backend='torch'")
    return _ACTIVATIONS[name]
