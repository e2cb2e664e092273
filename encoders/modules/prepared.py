"""Texts that are tokenised once and then read out batch by batch, in any grouping."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .module import Features


@dataclass(frozen=True)
class Prepared:
    """How long each input is, and the features of any group of them.

    `lengths` are tokens where the tokeniser could be asked, characters otherwise: they only order the work.
    `batch(indices, length)` gives the features of these inputs, padded to `length` if lengths are tokens.
    `truncated` is how many were cut at the limit, where the tokeniser says so.
    """

    lengths: list[int]
    batch: Callable[[Sequence[int], int], Features]
    truncated: int = 0


def accepted_keywords(function: Callable[..., Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the keywords that the function takes."""
    parameters = inspect.signature(function).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return dict(kwargs)
    return {name: value for name, value in kwargs.items() if name in parameters}


def prepare(module: Any, inputs: Sequence[Any], **kwargs: Any) -> Prepared:
    """Tokenise once if the module can; otherwise its `tokenize` is called for every batch."""
    if hasattr(module, "prepare"):
        prepared: Prepared = module.prepare(inputs, **kwargs)
        return prepared
    return prepare_by_characters(module, inputs, **kwargs)


def prepare_by_characters(module: Any, inputs: Sequence[Any], **kwargs: Any) -> Prepared:
    """For modules that only have `tokenize`."""
    lengths = [text_length(text) for text in inputs]
    given = accepted_keywords(module.tokenize, kwargs)
    return Prepared(lengths, lambda indices, _length: module.tokenize([inputs[index] for index in indices], **given))


def text_length(text: Any) -> int:
    """Characters of a text, a pair or tuple of texts, or a {name: text} input; 1 for anything else."""
    if isinstance(text, str):
        return len(text)
    if isinstance(text, Mapping):
        return sum(text_length(part) for part in text.values())
    if isinstance(text, (list, tuple)):
        return sum(text_length(part) for part in text)
    return 1


def readable(text: Any) -> str:
    """The text with what UTF-8 cannot carry (lone surrogates) replaced, as tokenisers refuse it.

    Raises TypeError for what is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"a text to encode must be str, this one is {type(text).__name__}: {text!r:.80}")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def pad(tokenizer: Any, encodings: Mapping[str, Sequence[Sequence[int]]], rows: Sequence[int], length: int) -> Features:
    """These rows of unpadded encodings as tensors of `length` columns, padded on the tokeniser's side."""
    fill = {"input_ids": tokenizer.pad_token_id, "token_type_ids": tokenizer.pad_token_type_id}
    left = tokenizer.padding_side == "left"
    longest = max((len(encodings["input_ids"][row]) for row in rows), default=0)
    width = max(length, longest)
    features: Features = {}
    for name, values in encodings.items():
        filler = fill.get(name, 0) or 0
        padded = [_padded(list(values[row]), width, filler, left) for row in rows]
        features[name] = torch.tensor(padded, dtype=torch.long).view(len(rows), width)
    return features


def _padded(ids: list[int], width: int, filler: int, left: bool) -> list[int]:
    missing = [filler] * (width - len(ids))
    return missing + ids if left else ids + missing
